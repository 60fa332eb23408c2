import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../voice-node/node/backoff.js';
import { LiveCalls } from '../../../voice-node/node/live-calls.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';
import { requestOf, StubCall } from './stub-call.js';

interface Setup {
  readonly calls: LiveCalls;
  readonly clock: VirtualClock;
  readonly made: Map<string, StubCall>;
  readonly told: string[];
  readonly log: MemoryLog;
  call(callId: string): StubCall;
}

function setup(): Setup {
  const clock = new VirtualClock();
  const made = new Map<string, StubCall>();
  const told: string[] = [];
  const log = new MemoryLog();
  const create = (...args: ConstructorParameters<typeof StubCall>): StubCall => {
    if (args[0].metadata === 'broken') throw new Error('no such robot');
    const call = new StubCall(...args);
    made.set(call.callId, call);
    return call;
  };
  const listener = {
    said: (callId: string, { by, text }: { by: string; text: string }) => void told.push(`${callId} ${by}: ${text}`),
    identity: (callId: string, identity: string) => void told.push(`${callId} is ${identity}`),
    ended: (callId: string, end: string, last?: { phase: string }) => void told.push(`${callId} ended ${end}${last === undefined ? '' : ` ${last.phase}`}`),
  };
  const call = (callId: string): StubCall => {
    const found = made.get(callId);
    if (found === undefined) throw new Error(`no call ${callId}`);
    return found;
  };
  return { calls: new LiveCalls(create, listener, clock, log), clock, made, told, log, call };
}
const settle = (clock: VirtualClock): Promise<void> => clock.advanceTo(clock.nowMs());

describe('the calls of a process', () => {
  it('are started, counted, ended by name, and forgotten', async () => {
    const { calls, clock, told, call } = setup();
    calls.begin(requestOf('a'));
    calls.begin(requestOf('b'));
    expect([calls.count, call('a').started, call('b').started]).toEqual([2, 1, 1]);
    expect(calls.views().map(({ callId }) => callId)).toEqual(['a', 'b']);
    calls.hangUp('nobody', 'shutdown');
    calls.hangUp('a', 'room_closed');
    await settle(clock);
    expect(calls.count).toBe(1);
    calls.sayGoodbye('b');
    expect(call('b').goodbyes).toBe(1);
    call('b').finish('shutdown');
    await settle(clock);
    expect(calls.count).toBe(0);
    expect(told).toEqual(['a ended room_closed ended', 'b ended shutdown ended']);
  });

  it('tell what is said and who they are under their own name', () => {
    const { calls, told, call } = setup();
    calls.begin(requestOf('a'));
    calls.begin(requestOf('b'));
    call('b').news.said({ by: 'caller', text: 'hello' });
    call('a').news.identity('robot-a-1');
    expect(told).toEqual(['b caller: hello', 'a is robot-a-1']);
  });

  it('that cannot be made have failed, and nothing else has', async () => {
    const { calls, clock, told, log } = setup();
    calls.begin(requestOf('good'));
    calls.begin({ ...requestOf('bad'), metadata: 'broken' });
    await settle(clock);
    expect(told).toEqual(['bad ended failed']);
    expect(calls.count).toBe(1);
    expect(log.at('error')).toEqual(['a call could not be made']);
  });

  it('give way to a later one in the same room', async () => {
    const { calls, clock, told } = setup();
    calls.begin(requestOf('old', 'room'));
    calls.begin(requestOf('new', 'room'));
    await settle(clock);
    expect(told).toEqual(['old ended superseded ended']);
    expect(calls.count).toBe(1);
  });

  it('are not begun twice', async () => {
    const { calls, clock, told, call } = setup();
    calls.begin(requestOf('a', 'one'));
    const first = call('a');
    calls.begin(requestOf('a', 'two'));
    expect(call('a')).toBe(first);
    expect(calls.count).toBe(1);
    first.finish('caller_left');
    await settle(clock);
    expect(told).toEqual(['a ended caller_left ended']);
  });
});

describe('the drain of a process', () => {
  it('lets calls go on for as long as it waits; what is left then says good-bye', async () => {
    const { calls, clock, told, call } = setup();
    calls.begin(requestOf('quick'));
    calls.begin(requestOf('slow'));
    let drained = false;
    const drain = calls.drain(10_000).then(() => (drained = true));
    call('quick').finish('caller_left');
    await clock.advanceTo(9_999);
    expect([call('slow').goodbyes, drained]).toEqual([0, false]);
    await clock.advanceTo(10_000);
    expect([call('slow').goodbyes, drained]).toEqual([1, false]);
    call('slow').finish('shutdown');
    await drain;
    expect(told).toEqual(['quick ended caller_left ended', 'slow ended shutdown ended']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends, even when a call will not', async () => {
    const { calls, clock, call } = setup();
    calls.begin(requestOf('mute'));
    calls.begin(requestOf('stubborn'));
    call('stubborn').stubborn = true;
    const drain = calls.drain(1000);
    await clock.advanceTo(60_000);
    await drain;
    // One never said its good-bye and was hung up; the other would not even hear of that.
    expect(call('mute').end).toBe('shutdown');
    expect(call('stubborn').end).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits as well for those that begin while others end', async () => {
    const { calls, clock, call } = setup();
    calls.begin(requestOf('a'));
    const drain = calls.drain(5000);
    call('a').finish('caller_left');
    calls.begin(requestOf('late'));
    await clock.advanceTo(5000);
    expect(call('late').goodbyes).toBe(1);
    call('late').finish('shutdown');
    await drain;
  });

  it('does not wait for a call whose caller has left', async () => {
    const { calls, clock, call } = setup();
    calls.begin(requestOf('deserted'));
    call('deserted').isDeserted = true;
    await calls.drain(5000);
    expect(call('deserted').end).toBe('shutdown');
    expect([clock.nowMs(), clock.pendingTimers]).toEqual([0, 0]);
  });

  it('is over at once where there are none', async () => {
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
