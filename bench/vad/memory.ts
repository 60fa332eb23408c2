import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../voice-node/config.js';
import { NET_WASM_BASE64 } from '../../voice-node/providers/vad/engine/net-wasm.js';
import { callerFrames } from './calls.js';
import { CONTENDERS } from './contenders.js';
import { MODEL_PATH } from './onnx-net.js';

export interface Memory {
  readonly processMiB: number;
  readonly perCallKiB: number;
}

const MORE_CALLS = 64;
const MIB = 1 << 20;

/** In a process of its own: resident memory for the first call, and for each further one. */
export async function memoryOf(name: string): Promise<Memory> {
  const main = join(import.meta.dirname, 'main.js');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', main, '--memory', name], { maxBuffer: MIB });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{'))) as Memory;
}

/** What the child process of `memoryOf` does. */
export async function measureMemory(name: string): Promise<Memory> {
  const contender = CONTENDERS.find((each) => each.name === name);
  if (contender === undefined) throw new Error(`expected one of ${CONTENDERS.map((each) => each.name).join(', ')}, got ${name}`);
  const line = callerFrames();
  const settle = (): number => {
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage().rss;
  };
  const before = settle();
  const shared = await contender.load();
  const use = async (frames: number): Promise<void> => {
    const ear = shared.open();
    for (let i = 0; i < frames; i++) await ear.push(line[i % line.length] as Int16Array);
    kept.push(ear);
  };
  const kept: unknown[] = [];
  await use(line.length);
  const first = settle();
  for (let i = 0; i < MORE_CALLS; i++) await use(50);
  const last = settle();
  return { processMiB: (first - before) / MIB, perCallKiB: (last - first) / MORE_CALLS / 1024 };
}

function sizeOf(path: string): number {
  if (statSync(path).isDirectory()) return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  return path.endsWith('.map') ? 0 : statSync(path).size;
}

/** Bytes that have to be installed. */
export function diskBytes(): Record<string, number> {
  const compiled = join(ROOT, 'dist/voice-node/providers/vad');
  const code = ['engine', 'silero.js', 'silero-net.js', 'silero-check.js', 'gate.js'].map((name) => join(compiled, name));
  const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return {
    'the WebAssembly': Buffer.from(NET_WASM_BASE64, 'base64').length,
    'our code around it, compiled': code.reduce((sum, path) => sum + sizeOf(path), 0),
    'the model file (weights of both its nets)': statSync(MODEL_PATH).size,
    'onnxruntime-node, all platforms': sizeOf(runtime),
    [`onnxruntime-node, ${process.platform}-${process.arch} alone`]: sizeOf(join(runtime, 'bin/napi-v6', process.platform, process.arch)),
  };
}
