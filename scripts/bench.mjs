#!/usr/bin/env node
// npm run bench [-- name …] [-- argument …]: every bench/<name>/main.ts, or those named, one after the other.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { ensureBuilt } from './lib/build.mjs';
import { explain, inRoot, requireNode, requirePackages, ScriptError } from './lib/checkout.mjs';

requireNode();
requirePackages();

const known = () =>
  readdirSync(inRoot('bench'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(inRoot('bench', entry.name, 'main.ts')))
    .map((entry) => entry.name)
    .sort();

function choose(names) {
  const all = known();
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new ScriptError(`no benchmark ${unknown.join(', ')}; there are: ${all.join(', ') || 'none'}`);
  if (all.length === 0) throw new ScriptError('bench/ has no folder with a main.ts');
  return names.length > 0 ? names : all;
}

/** Garbage is collected on demand in the benchmarks that count allocations. */
const run = (name, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', inRoot('dist', 'bench', name, 'main.js'), ...args], {
      stdio: 'inherit',
      cwd: inRoot(),
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 1 : code));
  });

async function main(argv) {
  const split = argv.indexOf('--');
  const names = choose(split < 0 ? argv : argv.slice(0, split));
  const args = split < 0 ? [] : argv.slice(split + 1);
  await ensureBuilt();
  const failed = [];
  for (const name of names) {
    console.log(`\n== ${name}`);
    if ((await run(name, args)) !== 0) failed.push(name);
  }
  if (failed.length > 0) throw new ScriptError(`failed: ${failed.join(', ')}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${explain(error)}\n`);
  process.exitCode = 1;
}
