import { expect, it } from 'vitest';
import type { Child, ChildEvents } from '../../../../voice-node/providers/livekit-plugin/child.js';
import { PluginHost } from '../../../../voice-node/providers/livekit-plugin/host.js';
import type { FromChild, PluginSpec, ToChild } from '../../../../voice-node/providers/livekit-plugin/protocol.js';
import type { PluginStream } from '../../../../voice-node/providers/livekit-plugin/stream.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { all, thrownBy } from './support.js';

const SPEC: PluginSpec = { kind: 'tts', plugin: 'fake', options: {} };

/** A child of our own: what it was sent, and what it says. */
class ScriptedChild implements Child {
  readonly pid = undefined;
  readonly sent: ToChild[] = [];
  readonly #events: ChildEvents;
  isKilled = false;
  answersPings = true;

  constructor(events: ChildEvents) {
    this.#events = events;
  }

  send(message: ToChild): Promise<void> {
    this.sent.push(message);
    if (message.t === 'ping' && this.answersPings) this.say({ t: 'pong' });
    return Promise.resolve();
  }

  kill(): void {
    this.isKilled = true;
  }

  say(message: FromChild): void {
    this.#events.message(message);
  }

  die(how = 'signal SIGKILL'): void {
    this.#events.ended(how);
  }
}

function rig() {
  const clock = new VirtualClock();
  const children: ScriptedChild[] = [];
  const host = new PluginHost({
    clock,
    random: () => 1,
    launch: (events) => {
      const child = new ScriptedChild(events);
      children.push(child);
      return child;
    },
  });
  const last = (): ScriptedChild => children.at(-1) as ScriptedChild;
  const serve = (stream: PluginStream): void => {
    last().say({ t: 'opened', id: stream.id });
    last().say({ t: 'end', id: stream.id });
  };
  return { clock, children, host, last, serve };
}

it('serves many requests in one child, each its own results', async () => {
  const { host, children, last } = rig();
  const streams = [1, 2, 3].map(() => host.open(SPEC, {}));
  expect(children).toHaveLength(1);
  for (const stream of streams.toReversed()) {
    last().say({ t: 'opened', id: stream.id, rateHz: 16_000 });
    last().say({ t: 'item', id: stream.id, item: `of ${stream.id}` });
    last().say({ t: 'end', id: stream.id });
  }
  for (const stream of streams) {
    expect(await stream.opened()).toEqual({ rateHz: 16_000 });
    expect(await all(stream)).toEqual([`of ${stream.id}`]);
  }
  expect(host.openStreams).toBe(0);
});

it('takes the 257th request at once for one too many', () => {
  const { host } = rig();
  for (let i = 0; i < 256; i++) host.open(SPEC, {});
  expect(() => host.open(SPEC, {})).toThrow(expect.objectContaining({ code: 'provider_unavailable' }) as Error);
});

it('ends the requests of a child that died, and starts another for the next one', async () => {
  const { host, children, last } = rig();
  const begun = host.open(SPEC, {});
  const fresh = host.open(SPEC, {});
  last().say({ t: 'opened', id: begun.id });
  last().say({ t: 'item', id: begun.id, item: 1 });
  last().die();
  const items: unknown[] = [];
  const error = await thrownBy((async () => {
    for await (const item of begun) items.push(item);
  })());
  expect(items).toEqual([1]);
  expect(error).toMatchObject({ code: 'provider_broken', message: expect.stringContaining('signal SIGKILL') as string });
  expect(await thrownBy(fresh.opened())).toMatchObject({ code: 'provider_unreachable' });
  host.open(SPEC, {});
  expect(children).toHaveLength(2);
});

it('starts again at once after a first death, with the objects that were made beforehand', () => {
  const { host, children, last } = rig();
  const release = host.use();
  host.warm(SPEC);
  last().die();
  expect(children).toHaveLength(2);
  expect(last().sent).toEqual([{ t: 'warm', ...SPEC }]);
  last().die();
  expect(children).toHaveLength(2);
  release();
  expect(children[1]?.isKilled).toBe(true);
});

it('leaves longer and longer pauses where children die in a row, and none after one that worked', async () => {
  const { host, clock, children, last, serve } = rig();
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    host.open(SPEC, {});
    last().die('exit code 1');
    const error = await thrownBy(Promise.resolve().then(() => host.open(SPEC, {}))).catch(() => undefined);
    const waitMs = (error as { retryAfterMs?: number } | undefined)?.retryAfterMs ?? 0;
    if (error !== undefined) expect(error).toMatchObject({ code: 'provider_unavailable' });
    else {
      expect(i).toBe(0); // the second start is at once: the request above was taken
      last().die('exit code 1');
    }
    waits.push(waitMs);
    await clock.advanceTo(clock.nowMs() + 60_000);
  }
  expect(waits.slice(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  const started = children.length;
  serve(host.open(SPEC, {}));
  last().die();
  host.open(SPEC, {});
  expect(children).toHaveLength(started + 2);
});

it('kills a child that does not answer pings, but only while somebody waits for it', async () => {
  const { host, clock, last } = rig();
  const stream = host.open(SPEC, {});
  last().say({ t: 'ready' });
  last().say({ t: 'opened', id: stream.id });
  await clock.advanceTo(100_000);
  expect(last().isKilled).toBe(false);
  last().answersPings = false;
  const ended = thrownBy(all(stream));
  await clock.advanceTo(115_000);
  expect(last().isKilled).toBe(true);
  expect(await ended).toMatchObject({ code: 'provider_unreachable', message: expect.stringContaining('did not answer') as string });
  expect(clock.pendingTimers).toBe(0);

  const idle = rig();
  idle.serve(idle.host.open(SPEC, {}));
  idle.last().answersPings = false;
  await idle.clock.advanceTo(100_000);
  expect(idle.last().isKilled).toBe(false);
  expect(idle.clock.pendingTimers).toBe(0);
});

it('kills a child that never gets ready', async () => {
  const { host, clock, last } = rig();
  const opened = thrownBy(host.open(SPEC, {}).opened());
  await clock.advanceTo(40_000);
  expect(last().isKilled).toBe(true);
  expect(await opened).toMatchObject({ code: 'provider_unreachable' });
});

it('ends the child with its last user, and says so once', () => {
  let idle = 0;
  const children: ScriptedChild[] = [];
  const host = new PluginHost({ clock: new VirtualClock(), onIdle: () => idle++, launch: (events) => (children.push(new ScriptedChild(events)), children.at(-1)) });
  const releases = [host.use(), host.use()];
  host.warm(SPEC);
  releases[0]?.();
  releases[0]?.();
  expect(children[0]?.isKilled).toBe(false);
  releases[1]?.();
  expect(children[0]?.isKilled).toBe(true);
  expect(idle).toBe(1);
});

it('says what to run where nothing is installed', () => {
  const host = new PluginHost({ clock: new VirtualClock(), launch: () => undefined });
  expect(() => host.open(SPEC, {})).toThrow(/missing; run: scripts\/livekit-plugins add fake/);
  expect(() => host.warm(SPEC)).not.toThrow();
});

it('tells the child of a request nobody wants any more, and takes nothing of it then', async () => {
  const { host, last } = rig();
  const stream = host.open(SPEC, {});
  last().say({ t: 'opened', id: stream.id });
  stream.close();
  stream.close();
  last().say({ t: 'item', id: stream.id, item: 1 });
  expect(await all(stream)).toEqual([]);
  expect(last().sent.filter(({ t }) => t === 'abort')).toEqual([{ t: 'abort', id: stream.id }]);
  expect(host.openStreams).toBe(0);
});

it('asks for more as results are taken, and ends a child stream that does not wait to be asked', async () => {
  const { host, last } = rig();
  const stream = host.open(SPEC, {});
  for (let i = 0; i < 64; i++) last().say({ t: 'item', id: stream.id, item: i });
  const iterator = stream[Symbol.asyncIterator]();
  for (let i = 0; i < 32; i++) await iterator.next();
  expect(last().sent.filter(({ t }) => t === 'ack')).toEqual([{ t: 'ack', id: stream.id, count: 16 }, { t: 'ack', id: stream.id, count: 16 }]);
  for (let i = 0; i < 200; i++) last().say({ t: 'item', id: stream.id, item: i });
  expect(await thrownBy((async () => { while ((await iterator.next()).done !== true); })())).toMatchObject({ code: 'provider_overflow' });
  expect(last().sent.at(-1)).toEqual({ t: 'abort', id: stream.id });
});

it('takes what a plugin itself sends for none of its messages', async () => {
  const { host, last, serve } = rig();
  const stream = host.open(SPEC, {});
  for (const nonsense of [undefined, null, 7, 'pong', {}, { t: 'item' }, { t: 'error', id: stream.id }, { t: 'toString', id: stream.id }, { t: 'item', id: 99, item: 1 }]) last().say(nonsense as FromChild);
  serve(stream);
  expect(await all(stream)).toEqual([]);
});
