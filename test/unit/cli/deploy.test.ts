import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, VARIABLES } from '../../../voice-node/config.js';
import { createMetrics } from '../../../voice-node/metrics/metrics.js';
import { CLOSE_LIMIT_MS, GOODBYE_LIMIT_MS } from '../../../voice-node/node/desk-drain.js';

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
/** Every value after `name` and its colon, without quotes and the braces of a default. */
const valuesOf = (text: string, name: string): string[] => [...text.matchAll(new RegExp(`^\\s*-?\\s*${name}: *"?(?:\\$\\{\\w+:-)?([^"}\\n]+)`, 'gm'))].map(([, value]) => value ?? '');

/** What follows the deadline of a drain at worst: the good-bye, the closing of the lines, and the end of the shards (15 s and 2 s). */
const AFTER_DEADLINE_MS = GOODBYE_LIMIT_MS + CLOSE_LIMIT_MS + 17_000;

describe('a supervisor waits longer than a drain takes', () => {
  it('systemd, and its signal reaches the main process only', () => {
    const unit = read('deploy', 'voice-node.service');
    const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    const drainMs = Number(/^Environment=DRAIN_TIMEOUT_MS=(\d+)$/m.exec(unit)?.[1]);
    expect(drainMs).toBeGreaterThan(0);
    expect(1000 * Number(setting('TimeoutStopSec'))).toBeGreaterThanOrEqual(drainMs + AFTER_DEADLINE_MS);
    expect([setting('KillMode'), setting('KillSignal'), setting('OOMPolicy')]).toEqual(['mixed', 'SIGTERM', 'continue']);
    // A shell between would get the signal in the node's place.
    expect(setting('ExecStart')).toMatch(/^\/usr\/bin\/node \S+ start$/);
    // The compilers of JavaScript and WebAssembly write code.
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
  });

  it.each(['docker-compose.livekit.yml', 'deploy/compose.two-nodes.yml'])('%s', (file) => {
    const text = read(file);
    const [drainMs] = valuesOf(text, 'DRAIN_TIMEOUT_MS').map(Number);
    const [graceS] = valuesOf(text, 'stop_grace_period').map((value) => Number(value.replace(/s$/, '')));
    expect(drainMs).toBeGreaterThan(0);
    expect(1000 * (graceS ?? 0)).toBeGreaterThanOrEqual((drainMs ?? Infinity) + AFTER_DEADLINE_MS);
  });
});

it('two nodes differ in name and port, and share a journal that is not where LiveKit keeps its own', () => {
  const text = read('deploy', 'compose.two-nodes.yml');
  expect(valuesOf(text, 'NODE_NAME')).toEqual(['node-1', 'node-2']);
  expect(valuesOf(text, 'PORT')).toEqual(['8001', '8002']);
  expect(text.match(/127\.0\.0\.1:(\d+):\1"/g)).toEqual(expect.arrayContaining(['127.0.0.1:8001:8001"', '127.0.0.1:8002:8002"']));
  expect(valuesOf(text, 'JOURNAL')).toEqual(['redis://redis:6379']);
  expect(valuesOf(text, 'db')).toEqual(['1']);
  const settings = [...text.matchAll(/^ {2,6}([A-Z][A-Z_]+): /gm)].map(([, name]) => name).filter((name) => name !== 'LIVEKIT_CONFIG');
  expect(settings.length).toBeGreaterThan(8);
  for (const name of settings) expect(Object.keys(VARIABLES)).toContain(name);
});

it('every metric the documents name is there', async () => {
  const metrics = createMetrics();
  const known = new Set([...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  expect(known.size).toBeGreaterThan(15);
  for (const file of ['README.md', 'docs/operations.md', 'docs/scaling.md']) {
    // `voice_node_shard_{up,calls}` stands for two.
    const named = [...read(file).matchAll(/voice_node_[a-z0-9_]+(?:\{[a-z0-9_,]+\})?/g)].flatMap(([name]) => {
      const [, stem = '', parts] = /^(.*_)\{(.*)\}$/.exec(name) ?? [];
      return parts === undefined ? [name.replace(/\{.*$/, '').replace(/_bucket$/, '')] : parts.split(',').map((part) => `${stem}${part}`);
    });
    for (const name of named) expect([file, name, known.has(name)]).toEqual([file, name, true]);
  }
});
