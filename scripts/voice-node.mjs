#!/usr/bin/env node
// The command line in a checkout: builds where that is due, then runs dist/ in this very process.
import { explain, inRoot, requireNode, requirePackages, ScriptError } from './lib/checkout.mjs';

requireNode();
requirePackages();

try {
  const { ensureBuilt } = await import('./lib/build.mjs');
  await ensureBuilt();
} catch (error) {
  process.stderr.write(`voice-node: ${explain(error)}\n`);
  process.exit(error instanceof ScriptError ? 1 : 70);
}

// rtc-node logs its inner life otherwise, in a format of its own.
process.env.NODE_ENV ??= 'production';

const { pathToFileURL } = await import('node:url');
await import(pathToFileURL(inRoot('dist', 'voice-node', 'main.js')).href);
