// node --import: lets a thread or process of its own run the sources, as Vitest runs them in its own.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
