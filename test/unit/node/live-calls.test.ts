import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../voice-node/node/backoff.js';
import { LiveCalls } from '../../../voice-node/node/live-calls.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { MemoryLog, rigOf, type Rig } from '../call/rig.js';

function setup(): { calls: LiveCalls; clock: VirtualClock; rigs: Rig[] } {
  const clock = new VirtualClock();
  const rigs: Rig[] = [];
  const calls = new LiveCalls(({ callId }) => {
    const rig = rigOf(new EchoOrchestrator(), { options: { callId } });
    rigs.push(rig);
    return rig.call;
  }, clock, new MemoryLog());
  return { calls, clock, rigs };
}
const request = (callId: string, room: string) => ({ callId, room, token: 't', metadata: '' });

describe('the calls of a process', () => {
  it('are counted, ended by name, and forgotten', async () => {
    const { calls } = setup();
    const a = calls.begin(request('a', 'room-a'));
    const b = calls.begin(request('b', 'room-b'));
    expect(calls.count).toBe(2);
    calls.end('nobody', 'shutdown');
    calls.end('a', 'room_closed');
    expect(await a).toBe('room_closed');
    expect(calls.count).toBe(1);
    calls.end('b', 'lost');
    expect(await b).toBe('lost');
    expect(calls.count).toBe(0);
  });

  it('may go on while the node drains, for as long as it waits', async () => {
    const { calls, clock } = setup();
    const quick = calls.begin(request('quick', 'a'));
    const slow = calls.begin(request('slow', 'b'));
    let drained = false;
    const drain = calls.drain(10_000).then(() => (drained = true));
    calls.end('quick', 'caller_left');
    expect(await quick).toBe('caller_left');
    await clock.advanceTo(9_999);
    expect(drained).toBe(false);
    await clock.advanceTo(10_000);
    expect(await slow).toBe('shutdown');
    await drain;
    expect(clock.pendingTimers).toBe(0);
  });

  it('are waited for as well when they begin while others end', async () => {
    const { calls, clock } = setup();
    void calls.begin(request('a', 'a'));
    const drain = calls.drain(5000);
    calls.end('a', 'caller_left');
    const late = calls.begin(request('late', 'b'));
    await clock.advanceTo(6000);
    expect(await late).toBe('shutdown');
    await drain;
  });

  it('do not hold up the drain once their caller has left', async () => {
    const { calls, clock, rigs } = setup();
    const deserted = calls.begin(request('deserted', 'a'));
    await clock.advanceTo(10);
    await rigs[0]?.clock.advanceTo(10);
    rigs[0]?.line.join();
    rigs[0]?.line.leave();
    const drain = calls.drain(5000);
    expect(await deserted).toBe('shutdown');
    await drain;
    expect(clock.nowMs()).toBe(10);
  });

  it('end the drain at once where there are none', async () => {
    const { calls, clock } = setup();
    await calls.drain(5000);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('back-off', () => {
  it('grows to its bound, jitters over the whole of it, never below its floor, and begins anew', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 1, maxLength: 60 }), (numbers) => {
        let at = 0;
        const backoff = new Backoff(200, 2000, 50, () => numbers[at++ % numbers.length] as number);
        for (let attempt = 0; attempt < 60; attempt++) {
          const ceilingMs = Math.min(2000, 200 * 2 ** attempt);
          const number = numbers[at % numbers.length] as number;
          expect(backoff.nextMs()).toBe(Math.max(50, number * ceilingMs));
        }
        backoff.reset();
        expect(backoff.nextMs()).toBeLessThanOrEqual(200);
      }),
    );
  });
});
