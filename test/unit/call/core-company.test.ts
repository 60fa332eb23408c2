import { describe, expect, it } from 'vitest';
import { GONE_AGAIN_AGE_MS, GONE_AGAIN_LEAST_MS, GONE_AGAIN_MS } from '../../../voice-node/call/state.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { CoreDriver, LIMITS } from './core-driver.js';
import { rigOf } from './rig.js';

const NO_CALLER_MS = 30_000;
/** In a room that the caller's joining made, before anybody was heard. */
const made = (rules: ConstructorParameters<typeof CoreDriver>[1] = { byCaller: true }, ageMs = 0): CoreDriver => new CoreDriver({ connectMs: 20_000, noCallerMs: NO_CALLER_MS }, rules, ageMs);
const company = (call: CoreDriver, isThere: boolean, hungUp = false): void => void call.send({ type: 'company', isThere, hungUp });

/** Lets the call end by itself; how, and after how long. */
function ends(call: CoreDriver): [string | undefined, number] {
  const sinceMs = call.nowMs;
  call.expire();
  return [call.end, call.nowMs - sinceMs];
}

describe('a caller who hangs up before his robot is there', () => {
  it('is known to have gone, where it was he who made the room', () => {
    const call = made();
    call.after(400).send({ type: 'connected' });
    company(call, false);
    expect(ends(call)).toEqual(['caller_left', GONE_AGAIN_MS]);
  });

  it('is not waited for longer than 5 s in all, however long the robot was on its way', () => {
    for (const ageMs of [0, 1000]) {
      for (const tookMs of [0, 300, 1000, 2000, 3000, 4000]) {
        const call = made({ byCaller: true }, ageMs);
        call.after(tookMs).send({ type: 'connected' });
        company(call, false);
        const [end, waitedMs] = ends(call);
        expect(end).toBe('caller_left');
        expect(ageMs + tookMs + waitedMs).toBeLessThanOrEqual(Math.max(GONE_AGAIN_AGE_MS, ageMs + tookMs + GONE_AGAIN_LEAST_MS));
        expect(waitedMs).toBeGreaterThanOrEqual(GONE_AGAIN_LEAST_MS);
      }
    }
  });

  it('is waited for as long as ever in a room that others made, and where the call goes on from another process', () => {
    for (const rules of [{}, { byCaller: false }, { byCaller: true, resumed: true }]) {
      const call = made(rules);
      call.after(400).send({ type: 'connected' });
      company(call, false);
      expect(ends(call)).toEqual([rules.resumed === true ? 'caller_left' : 'no_caller', NO_CALLER_MS]);
    }
  });

  it('may load the page anew', () => {
    const call = made();
    call.after(400).send({ type: 'connected' });
    company(call, false);
    call.after(GONE_AGAIN_MS - 1);
    company(call, true);
    expect(call.send({ type: 'tick' })).toEqual([]);
    // His media takes its time.
    call.after(NO_CALLER_MS - 1).send({ type: 'tick' });
    expect(call.end).toBeUndefined();
    call.send({ type: 'caller_joined' });
    expect(call.state.phase).toBe('listening');
    // From now on it counts what becomes of the caller.
    company(call, false, true);
    expect(call.state.phase).toBe('listening');
    call.send({ type: 'caller_left', hungUp: false });
    company(call, false, true);
    expect(ends(call)).toEqual(['caller_left', NO_CALLER_MS]);
  });

  it('may have been told of before the line was up', () => {
    const call = made();
    company(call, false);
    expect(call.send({ type: 'tick' })).toEqual([]);
    call.after(1000).send({ type: 'connected' });
    expect(ends(call)).toEqual(['caller_left', GONE_AGAIN_MS]);
  });
});

describe('a caller who was never heard', () => {
  it('is waited for while he is in the room: he may be asked for his microphone', () => {
    for (const byCaller of [true, false]) {
      const call = made({ byCaller });
      call.send({ type: 'connected' });
      company(call, true);
      expect(ends(call)).toEqual(['no_caller', NO_CALLER_MS]);
    }
  });

  it('has gone when he says so, whoever made the room, and nobody waits for the line either', () => {
    for (const byCaller of [true, false]) {
      const call = made({ byCaller });
      call.send({ type: 'connected' });
      company(call, true);
      call.after(10_000);
      company(call, false, true);
      expect(ends(call)).toEqual(['caller_left', GONE_AGAIN_MS]);
      const down = made({ byCaller });
      down.send({ type: 'connected' });
      company(down, true);
      company(down, false, true);
      down.send({ type: 'interrupted' });
      expect(down.end).toBe('caller_left');
      const closed = made({ byCaller });
      closed.send({ type: 'connected' });
      company(closed, false, true);
      closed.send({ type: 'line_ended', end: 'room_closed' });
      expect(closed.end).toBe('caller_left');
    }
  });

  it('may come back where only his connection broke', () => {
    const call = made();
    call.send({ type: 'connected' });
    company(call, true);
    call.after(10_000);
    company(call, false, false);
    expect(ends(call)).toEqual(['no_caller', NO_CALLER_MS]);
  });

  it('may be on his way back as well when the line is up again', () => {
    const call = made();
    call.send({ type: 'connected' });
    company(call, true);
    call.send({ type: 'interrupted' });
    call.after(5000).send({ type: 'restored' });
    company(call, false);
    expect(ends(call)).toEqual(['no_caller', NO_CALLER_MS]);
    const back = made();
    back.send({ type: 'connected' });
    company(back, true);
    back.send({ type: 'interrupted' });
    back.send({ type: 'restored' });
    company(back, false);
    company(back, true);
    company(back, false, true);
    expect(ends(back)).toEqual(['caller_left', GONE_AGAIN_MS]);
  });
});

it('a whole call ends so, and holds nothing', async () => {
  const rig = rigOf(new EchoOrchestrator(), { options: { byCaller: true, ageMs: 300, limits: { ...LIMITS, noCallerMs: NO_CALLER_MS } } });
  rig.call.start();
  await rig.clock.advanceTo(rig.clock.nowMs() + 10);
  rig.line.company(false);
  await rig.clock.advanceTo(rig.clock.nowMs() + GONE_AGAIN_MS);
  expect(await rig.call.done).toBe('caller_left');
  expect([rig.line.closed, rig.clock.pendingTimers, rig.detector.closes]).toEqual([true, 0, 1]);
  expect(rig.log.at('error')).toEqual([]);
});
