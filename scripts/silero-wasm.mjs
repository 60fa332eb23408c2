#!/usr/bin/env node
// Compiles voice-node/providers/vad/engine/*.as into net-wasm.ts beside them, or into the file named.
// Usage: node scripts/silero-wasm.mjs [file]
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import asc from 'assemblyscript/asc';
import { explain, inRoot, ScriptError } from './lib/checkout.mjs';

const FOLDER = inRoot('voice-node', 'providers', 'vad', 'engine');
const LINE = 120;

/** AssemblyScript asks for name.ts; its files here are called name.as, which the tools of TypeScript leave alone. */
function source(name) {
  try {
    return readFileSync(`${FOLDER}/${basename(name, '.ts')}.as`, 'utf8');
  } catch {
    return null;
  }
}

async function compile() {
  let wasm;
  const { error, stderr } = await asc.main(
    ['net.ts', '--outFile', 'net.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd'],
    { readFile: source, writeFile: (name, contents) => void (wasm = contents), listFiles: () => [] },
  );
  if (error || wasm === undefined) throw new ScriptError(`AssemblyScript refuses the source:\n${stderr.toString()}`);
  return Buffer.from(wasm);
}

const target = process.argv[2] ?? `${FOLDER}/net-wasm.ts`;
try {
  const wasm = await compile();
  const lines = wasm.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g'));
  const text = [
    '// Written by scripts/silero-wasm.mjs from the .as files beside it; do not edit.',
    '',
    `/** The net as WebAssembly, ${wasm.length} bytes. */`,
    'export const NET_WASM_BASE64 = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ];
  writeFileSync(target, text.join('\n'));
  process.stdout.write(`${wasm.length} bytes of WebAssembly written to ${target}\n`);
} catch (error) {
  process.stderr.write(`silero-wasm: ${explain(error)}\n`);
  process.exitCode = 1;
}
