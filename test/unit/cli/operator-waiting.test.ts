import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { awaitEnd } from '../../../voice-node/cli/drain.js';
import { NodeGoneError } from '../../../voice-node/cli/operator-client.js';
import { watch, type Screen } from '../../../voice-node/cli/top.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { NodeView } from '../../../voice-node/domain/operations.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { FakeOperations, liveCall } from '../../support/fake-operations.js';

const gone = (): never => {
  throw new NodeGoneError('transport_connect', 'no node runs there: nothing listens');
};
const silent = (): never => {
  throw new VoiceNodeError('transport_timeout', 'no answer');
};

/** A node that does one thing after another, and the last for ever. */
function nodeThat(...does: readonly (() => NodeView)[]) {
  let asked = 0;
  return { origin: 'http://127.0.0.1:8000', view: () => Promise.resolve().then(() => (does[Math.min(asked++, does.length - 1)] ?? gone)()), asked: () => asked };
}
const draining = (live: number) => (): NodeView => new FakeOperations([], [], { draining: true, ready: false, live }).view();

function waiting(client: ReturnType<typeof nodeThat>, isAlive: () => boolean = () => false) {
  const clock = new VirtualClock();
  const printed: string[] = [];
  const result: { error?: unknown; done: boolean } = { done: false };
  void awaitEnd({ client, clock, isAlive, print: (line) => printed.push(line) }).then(
    () => (result.done = true),
    (error: unknown) => {
      result.error = error;
      result.done = true;
    },
  );
  return { clock, printed, result };
}

it('drain --wait tells how many calls are left, once for each number, until nothing listens any more', async () => {
  const { clock, printed, result } = waiting(nodeThat(draining(2), draining(2), silent, draining(1), gone));
  await clock.advanceTo(10_000);
  expect(printed).toEqual(['2 calls left', '1 call left', 'the node has ended']);
  expect(result).toEqual({ done: true });
  expect(clock.pendingTimers).toBe(0);
});

it('and until its process is gone', async () => {
  let alive = true;
  const { clock, printed, result } = waiting(nodeThat(gone), () => alive);
  await clock.advanceTo(5000);
  expect([printed, result.done]).toEqual([[], false]);
  alive = false;
  await clock.advanceTo(6000);
  expect([printed, result.done]).toEqual([['the node has ended'], true]);
  const stuck = waiting(nodeThat(gone), () => true);
  await stuck.clock.advanceTo(40_000);
  expect(stuck.result.error).toMatchObject({ code: 'transport_timeout', message: expect.stringContaining('its process is still there after 30 s') as string });
});

it('a supervisor that has started another node, or a machine that is gone, ends the wait too', async () => {
  const next = waiting(nodeThat(draining(1), () => new FakeOperations().view()));
  await next.clock.advanceTo(5000);
  expect(next.printed).toEqual(['1 call left', 'the node has ended; another one has started in its place']);
  const lost = waiting(nodeThat(draining(1), silent));
  await lost.clock.advanceTo(59_000);
  expect(lost.result.done).toBe(false);
  await lost.clock.advanceTo(62_000);
  expect(lost.result.error).toMatchObject({ code: 'transport_timeout', message: 'no answer' });
});

class TestScreen extends EventEmitter {
  readonly isTTY: boolean;
  readonly columns = 100;
  readonly rows = 12;
  readonly written: string[] = [];
  full = false;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  write(text: string): boolean {
    this.written.push(text);
    return !this.full;
  }
}

function watching(client: ReturnType<typeof nodeThat>, isTTY: boolean) {
  const [clock, screen, stop] = [new VirtualClock(), new TestScreen(isTTY), new AbortController()];
  const done = watch(client, screen as unknown as Screen, clock, stop.signal);
  return { clock, screen, stop, done };
}

it('top draws in place, within the height of the terminal, and leaves it as it was', async () => {
  const calls = Array.from({ length: 40 }, (_, i) => liveCall({ callId: `call-${i}` }));
  const { clock, screen, stop, done } = watching(nodeThat(() => new FakeOperations(calls).view()), true);
  await clock.advanceTo(2500);
  stop.abort();
  await done;
  expect([screen.written[0], screen.written.at(-1)]).toEqual(['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l']);
  const pictures = screen.written.slice(1, -1);
  expect(pictures).toHaveLength(3);
  for (const picture of pictures) {
    expect(picture).toMatch(/^\x1b\[H/);
    expect(picture.split('\r\n')).toHaveLength(12);
    expect(picture).toMatch(/\.\.\. and 37 more: voice-node calls shows all\x1b\[K\x1b\[J$/);
  }
  expect(clock.pendingTimers).toBe(0);
});

it('top waits for a node that has gone for a while, not for one that was never there', async () => {
  const view = (): NodeView => new FakeOperations([liveCall()]).view();
  const { clock, screen, stop, done } = watching(nodeThat(view, gone, gone, view), false);
  await clock.advanceTo(3500);
  stop.abort();
  await done;
  expect(screen.written.map((picture) => picture.split('\n')[0])).toEqual(['node-1   ready   load 37 %   1 of 48 calls   offered 15', ...Array<string>(2).fill('no node runs there: nothing listens'), 'node-1   ready   load 37 %   1 of 48 calls   offered 15']);
  expect(screen.written[2]?.match(/Waiting for it/g)).toHaveLength(1);
  expect(screen.written[1]).toContain('call-012345');
  const never = watching(nodeThat(gone), true);
  await expect(never.done).rejects.toThrow('nothing listens');
  expect(never.screen.written).toEqual([]);
});

it('top leaves the terminal in order whatever happens, and asks no faster than its reader reads', async () => {
  const view = (): NodeView => new FakeOperations().view();
  const refused = watching(nodeThat(view, () => {
    throw new VoiceNodeError('auth_failed', 'another token');
  }), true);
  const failure = expect(refused.done).rejects.toThrow('another token');
  await refused.clock.advanceTo(1500);
  await failure;
  expect(refused.screen.written.at(-1)).toBe('\x1b[?25h\x1b[?1049l');
  const client = nodeThat(view);
  const slow = watching(client, false);
  slow.screen.full = true;
  await slow.clock.advanceTo(10_000);
  expect([slow.screen.written.length, client.asked()]).toEqual([1, 1]);
  slow.screen.emit('drain');
  await slow.clock.advanceTo(12_000);
  expect([slow.screen.written.length, client.asked()]).toEqual([2, 2]);
  slow.stop.abort();
  await slow.done;
  expect([slow.clock.pendingTimers, slow.screen.listenerCount('drain')]).toEqual([0, 0]);
});
