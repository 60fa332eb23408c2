import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ChildShard } from '../../../voice-node/node/child-shard.js';
import { parentChannel } from '../../../voice-node/node/shard-server.js';
import { MAX_SAID_CHARACTERS } from '../../../voice-node/domain/journal.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { MemoryLog } from '../call/rig.js';
import { requestOf } from './stub-call.js';
import { told } from './told.js';

const REAL = fileURLToPath(new URL('./real-shard.ts', import.meta.url));
const RUNNER = new URL('../../support/run-typescript.mjs', import.meta.url).href;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Forked {
  readonly child: ChildProcess;
  readonly output: string[];
  /** Resolves with the first line on standard output, so far or later, that has this in it. */
  written(part: string): Promise<string>;
}

function forked(name: string, drainTimeoutMs: number): Forked {
  const child = fork(REAL, [name, String(drainTimeoutMs)], { execArgv: ['--import', RUNNER], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  children.push(child);
  const output: string[] = [];
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  lines.on('line', (each) => output.push(each));
  const written = async (part: string): Promise<string> => {
    for (;;) {
      const found = output.find((each) => each.includes(part));
      if (found !== undefined) return found;
      await once(lines, 'line');
    }
  };
  return { child, output, written };
}

/** Both sides as the product has them, two processes and all. */
function setup(drainTimeoutMs = 60_000) {
  const both = forked('7', drainTimeoutMs);
  const news = told();
  const shard = new ChildShard({ name: '7', spawn: () => both.child, clock: systemClock, log: new MemoryLog() }, news.listener);
  return { ...both, ...news, shard };
}

describe('main and a shard, each in its process', () => {
  it('understand each other, and the shard obeys nobody else', async () => {
    const { child, line, lines, nextVitals, shard } = setup();
    await line('ready');
    shard.begin({ ...requestOf('a'), past: [{ by: 'caller', text: 'x'.repeat(MAX_SAID_CHARACTERS) }, { by: 'caller', text: 'my friend' }] });
    shard.begin(requestOf('b'));
    await line('identity b robot-b-2');
    expect(lines).toEqual(['ready', 'said a robot: hello, my friend', 'identity a robot-a-2', 'said b robot: hello, stranger', 'identity b robot-b-2']);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) child.kill(signal);
    const vitals = await nextVitals();
    expect(vitals.calls.map(({ callId, phase }) => [callId, phase])).toEqual([['a', 'listening'], ['b', 'listening']]);
    expect(vitals.residentBytes).toBeGreaterThan(20e6);
    expect(await shard.metrics()).toEqual([{ of: '7' }]);
    shard.hangUp('a', 'hung_up');
    await line('ended a hung_up');
    shard.sayGoodbye('b');
    await line('ended b shutdown');
    shard.begin(requestOf('c'));
    await shard.stop();
    expect(lines.slice(-2)).toEqual(['ended c shutdown', 'died stopped']);
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });

  it('part when main is gone: calls go on, then say good-bye, then the process ends', async () => {
    const { child, output, line, shard, written } = setup(0);
    await line('ready');
    shard.begin(requestOf('a'));
    await line('identity a');
    const exit = once(child, 'exit');
    child.disconnect();
    expect(await written('the main process is gone')).toContain('"shard":"7"');
    expect(await exit).toEqual([0, null]);
    expect(output.filter((each) => each.startsWith('good-bye'))).toEqual(['good-bye a']);
  });

  it('part when main is gone, and a signal then ends the shard at once, with nobody left to obey', async () => {
    const { child, output, line, shard, written } = setup(60_000);
    await line('ready');
    shard.begin(requestOf('a'));
    await line('identity a');
    const exit = once(child, 'exit');
    child.disconnect();
    await written('the main process is gone');
    child.kill('SIGTERM');
    expect(await exit).toEqual([3, null]);
    expect(output.some((each) => each.startsWith('good-bye'))).toBe(false);
  });
});

describe('a shard that nobody has forked', () => {
  it('says so', () => {
    const { send } = process;
    try {
      delete process.send;
      expect(parentChannel).toThrow(expect.objectContaining({ code: 'shard_failed' }));
    } finally {
      if (send !== undefined) process.send = send;
    }
  });
});
