// scripts/speech-set: makes the labelled set that hearing is measured on, in .cache/speech-set (see docs/hearing.md).
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { cacheDir, explain, inRoot, requireNode, requirePackages } from './lib/checkout.mjs';

requireNode();
requirePackages();
try {
  await ensureBuilt();
  const { makeSet } = await import(pathToFileURL(inRoot('dist', 'bench', 'speech-set', 'make.js')).href);
  const packages = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'voice-node', 'speech-packages');
  await makeSet({ set: join(cacheDir, 'speech-set'), packages }, (line) => process.stdout.write(`${line}\n`));
} catch (error) {
  process.stderr.write(`speech-set: ${explain(error)}\n`);
  process.exitCode = 1;
}
