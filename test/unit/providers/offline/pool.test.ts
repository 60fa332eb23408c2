import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../../../voice-node/config.js';
import { ProviderError } from '../../../../voice-node/domain/provider.js';
import type { SpeechFeed, Transcript, TranscribeRequest } from '../../../../voice-node/domain/stt.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { WorkerPool, type PoolOptions } from '../../../../voice-node/providers/process/pool.js';
import { transcripts } from '../../../../voice-node/providers/process/transcripts.js';
import { LiveFeed, spokenFeed } from '../../../support/speech-feed.js';

const pools: WorkerPool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

const clock = new VirtualClock();
function poolOf(manner: string, options: Partial<PoolOptions> = {}): WorkerPool {
  const program = { command: process.execPath, args: [join(ROOT, 'test/support/stub-worker.mjs'), manner], remedy: 'install it' };
  const pool = new WorkerPool({ vendor: 'pocketsphinx', program, clock, ...options });
  pools.push(pool);
  return pool;
}

interface Run {
  readonly results: Transcript[];
  readonly controller: AbortController;
  readonly done: Promise<void>;
  connected: boolean;
  /** Resolves with the first result. */
  readonly first: Promise<void>;
}

function transcribe(pool: WorkerPool, speech: SpeechFeed = spokenFeed(new Int16Array(320), 8000)): Run {
  const controller = new AbortController();
  let begun: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (begun = resolve));
  const results: Transcript[] = [];
  const request: TranscribeRequest = { speech, language: 'en-US', signal: controller.signal, connected: () => (run.connected = true), used: () => undefined };
  const read = async (): Promise<void> => {
    for await (const result of transcripts('pocketsphinx', pool, request, {}, (samples) => samples)) {
      results.push(result);
      begun();
    }
  };
  const run: Run = { results, controller, done: read(), connected: false, first };
  run.done.catch(() => undefined);
  return run;
}

const failure = async (run: Run): Promise<ProviderError> => {
  const error: unknown = await run.done.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
};
/** Calls `then` once it is so. */
function until(isSo: () => boolean, then: () => void): void {
  if (isSo()) then();
  else setImmediate(until, isSo, then);
}
const pidOf = (run: Run): string => run.results.at(-1)?.text.replace(/.* by /, '') ?? '';

describe('side processes', () => {
  it('are fed while the caller speaks, answer with partial results and one final, and serve again', async () => {
    const pool = poolOf('echo');
    const feed = new LiveFeed(8000);
    const run = transcribe(pool, feed);
    feed.push(new Int16Array(160));
    await run.first;
    expect(run.connected).toBe(true);
    expect(run.results).toEqual([{ text: '320 bytes', final: false }]);
    feed.push(new Int16Array(160));
    feed.end();
    await run.done;
    expect(run.results.at(-1)).toEqual({ text: expect.stringMatching(/^640 bytes by \d+$/) as string, final: true });
    const again = transcribe(pool);
    await again.done;
    expect(pidOf(again)).toBe(pidOf(run));
    expect(pool.size).toBe(1);
  });

  it('are as many as there are utterances, up to a bound; more wait, and more than that are refused', async () => {
    const pool = poolOf('echo', { maxWorkers: 2, maxWaiting: 1 });
    const feeds = [new LiveFeed(8000), new LiveFeed(8000), new LiveFeed(8000)] as const;
    const runs = feeds.map((feed) => transcribe(pool, feed));
    for (const feed of feeds) feed.push(new Int16Array(160));
    await Promise.all([runs[0]?.first, runs[1]?.first]);
    expect(pool.size).toBe(2);
    const refused = await failure(transcribe(pool));
    expect(refused.code).toBe('provider_unavailable');
    expect(refused.message).toContain('at most 2 utterances at once and 1 waiting');
    expect(runs[2]?.connected).toBe(false);
    feeds[0].end();
    await runs[0]?.done;
    feeds[1].end();
    feeds[2].end();
    await Promise.all(runs.map(({ done }) => done));
    expect(runs.map(({ results }) => results.at(-1)?.final)).toEqual([true, true, true]);
    expect(pool.size).toBe(2);
    // After a while without work one of them is enough.
    await clock.advanceTo(clock.nowMs() + 60_000);
    expect(pool.size).toBe(1);
  });

  it('are free again after an utterance that nobody wants any more', async () => {
    const pool = poolOf('echo', { maxWorkers: 1 });
    const feed = new LiveFeed(8000);
    feed.push(new Int16Array(160));
    const dropped = transcribe(pool, feed);
    await dropped.first;
    dropped.controller.abort();
    await dropped.done;
    expect(dropped.results.every(({ final }) => !final)).toBe(true);
    const next = transcribe(pool);
    await next.done;
    expect(next.results.at(-1)?.text).toMatch(/^640 bytes/);
  });

  it('that hang in something nobody wants are ended for the next caller, or after a while', async () => {
    const pool = poolOf('stuck', { maxWorkers: 1 });
    const feed = new LiveFeed(8000);
    const hung = transcribe(pool, feed);
    await new Promise<void>((resolve) => until(() => hung.connected, resolve));
    hung.controller.abort();
    await hung.done;
    expect(pool.size).toBe(1);
    await clock.advanceTo(clock.nowMs() + 5000);
    expect(pool.size).toBe(0);
    // Again, and now somebody wants to be served at once: a new process, the old one gone.
    const second = transcribe(pool, feed);
    second.controller.abort();
    await second.done;
    const third = transcribe(pool, feed);
    expect(pool.size).toBe(1);
    third.controller.abort();
    await third.done;
  });

  it('that die take their own utterance with them, and say how', async () => {
    const pool = poolOf('dies');
    const error = await failure(transcribe(pool));
    expect(error.code).toBe('provider_unreachable');
    expect(error.message).toContain('signal SIGKILL');
    expect(error.message).toContain('Segmentation fault');
    expect(pool.size).toBe(0);
    expect((await failure(transcribe(pool))).code).toBe('provider_unreachable');
  });

  it.each([
    ['rude', 'provider_protocol', 'line of JSON'],
    ['chatty', 'provider_protocol', '65536 bytes'],
    ['sorry', 'provider_rejected', 'this model cannot'],
    ['stillborn', 'provider_unreachable', 'ModuleNotFoundError: no module of that name'],
  ])('%s: %s', async (manner, code, words) => {
    const error = await failure(transcribe(poolOf(manner)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('that are not there are missed in words', async () => {
    const pool = poolOf('', { program: { command: '/nowhere/python', args: [], remedy: 'scripts/up sets it up' } });
    const error = await failure(transcribe(pool));
    expect(error.code).toBe('provider_unreachable');
    expect(error.message).toBe('pocketsphinx: expected the program /nowhere/python, got none that runs; scripts/up sets it up');
  });

  it('that are waited for are not waited for any more once the signal aborts', async () => {
    const pool = poolOf('mute', { maxWorkers: 1 });
    const first = transcribe(pool, new LiveFeed(8000));
    const second = transcribe(pool);
    second.controller.abort();
    await second.done;
    expect(second.results).toEqual([]);
    first.controller.abort();
    await first.done;
  });

  it('end with the pool', async () => {
    const pool = poolOf('mute');
    const run = transcribe(pool, new LiveFeed(8000));
    await new Promise<void>((resolve) => until(() => run.connected, resolve));
    pool.close();
    expect((await failure(run)).code).toBe('provider_unavailable');
    expect(pool.size).toBe(0);
    expect((await failure(transcribe(pool))).code).toBe('provider_unavailable');
  });
});
