import { describe, expect, it } from 'vitest';
import { FAREWELL_SLACK_MS, GOODBYE_MS } from '../../../voice-node/call/state.js';
import type { Conversation, ConversationHost, Reply } from '../../../voice-node/domain/orchestrator.js';
import { confirmOptions } from '../../../voice-node/hearing/interruption.js';
import { DEFAULT_WORDS } from '../../../voice-node/hearing/words.js';
import { joined, orchestratorOf, ready, rigOf, type Rig, type RigOptions } from './rig.js';

const LEVEL = 2500;
const LENGTH_MS = 2000;
const GOODBYE = { text: 'We have to end this call. Good-bye.', audio: { samples: new Int16Array(16 * LENGTH_MS).fill(LEVEL), rateHz: 16_000 } };

const goodbyeMs = (rig: Rig): number => joined(rig.frames).filter((sample) => Math.abs(sample - LEVEL) < 60).length / 48;
const wait = (rig: Rig, ms: number): Promise<void> => rig.clock.advanceTo(rig.clock.nowMs() + ms);
const robotTexts = (rig: Rig): string[] => rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));

interface Talk {
  readonly rig: Rig;
  readonly told: string[];
  readonly replies: Reply[];
  host?: ConversationHost;
}

/** A robot that answers with half a minute of noise. */
async function talk(options: RigOptions['options'] = {}, more: Partial<Conversation> = {}): Promise<Talk> {
  const told: string[] = [];
  const replies: Reply[] = [];
  const found: { host?: ConversationHost } = {};
  const orchestrator = orchestratorOf((host) => {
    found.host = host;
    return {
      speechDropped: (turn) => told.push(`dropped ${turn}`),
      speechEnded(turn) {
        const reply = host.beginReply(turn);
        replies.push(reply);
        for (let i = 0; i < 30; i++) void reply.audio(Int16Array.from({ length: 16_000 }, (_, at) => (at % 16 < 8 ? 6000 : -6000)), 16_000);
      },
      stopPlayback: ({ generation }) => told.push(`stop ${generation}`),
      close: () => told.push('close'),
      ...more,
    };
  });
  const rig = await ready(rigOf(orchestrator, { options: { phrases: { goodbye: GOODBYE }, ...options } }));
  return { rig, told, replies, ...found };
}

/** Until the call has ended, at most `atMostMs`; the caller makes a noise of `amplitude`. Returns how long that took. */
async function untilEnded({ rig }: Talk, atMostMs: number, amplitude = 0): Promise<number> {
  const beginMs = rig.clock.nowMs();
  while (rig.call.phase !== 'ended' && rig.clock.nowMs() - beginMs < atMostMs) await rig.speak(20, amplitude);
  return rig.clock.nowMs() - beginMs;
}

/** The ways of a caller's call at the moment of the good-bye. */
const MOMENTS: Readonly<Record<string, (t: Talk) => Promise<unknown>>> = {
  listening: (t) => t.rig.speak(500, 0),
  hearing: (t) => t.rig.speak(600, 8000),
  speaking: async (t) => {
    await t.rig.speak(600, 8000);
    await t.rig.speak(1500, 0);
  },
};

describe('the good-bye of a node that goes', () => {
  it('is heard to its end at every moment of a call, and then the call ends', async () => {
    for (const [phase, reach] of Object.entries(MOMENTS)) {
      const t = await talk();
      await reach(t);
      expect(t.rig.call.phase).toBe(phase);
      t.rig.call.sayGoodbye();
      for (const reply of t.replies) expect(reply.signal.aborted).toBe(true);
      const tookMs = await untilEnded(t, 10_000);
      expect(tookMs).toBeGreaterThanOrEqual(LENGTH_MS + GOODBYE_MS);
      expect(tookMs).toBeLessThan(LENGTH_MS + GOODBYE_MS + 100);
      expect(goodbyeMs(t.rig)).toBeGreaterThan(LENGTH_MS - 20);
      expect(await t.rig.over()).toBe('shutdown');
      expect(t.told).toEqual([...(phase === 'speaking' ? ['stop 1'] : phase === 'hearing' ? ['dropped 1'] : []), 'close']);
      expect(robotTexts(t.rig)).toEqual([GOODBYE.text]);
      expect(t.rig.line.events.some((event) => event.type === 'reply_text' && event.apology === true)).toBe(false);
      expect(t.rig.clock.pendingTimers).toBe(0);
    }
  });

  it('cannot be interrupted, not even by who has spoken all the while, and is not lowered', async () => {
    const confirm = confirmOptions({}, DEFAULT_WORDS);
    for (const interruptions of ['immediate', 'confirm', 'off'] as const) {
      for (const reach of Object.values(MOMENTS)) {
        const t = await talk({ interruptions, confirm });
        await reach(t);
        const { decisions } = t.rig.meter;
        const before = decisions.length;
        t.rig.call.sayGoodbye();
        expect(await untilEnded(t, 10_000, 8000)).toBeLessThan(LENGTH_MS + GOODBYE_MS + 100);
        expect([goodbyeMs(t.rig) > LENGTH_MS - 20, decisions.length - before, t.rig.ends]).toEqual([true, 0, ['shutdown']]);
      }
    }
  });

  it('is said once, however often it is asked for, and no reply takes its place', async () => {
    const t = await talk();
    await t.rig.speak(500, 0);
    for (let i = 0; i < 8; i++) {
      t.rig.call.sayGoodbye();
      expect(t.host?.beginReply().signal.aborted).toBe(true);
      t.host?.endCall('failed');
      await t.rig.speak(300, 0);
    }
    await untilEnded(t, 10_000);
    t.rig.call.sayGoodbye();
    expect(await t.rig.over()).toBe('shutdown');
    expect(goodbyeMs(t.rig)).toBeLessThan(LENGTH_MS + 20);
  });

  it('comes instead of the one that the robot is about to say itself', async () => {
    const t = await talk();
    await t.rig.speak(600, 8000);
    await t.rig.speak(1500, 0);
    t.host?.endCall();
    t.rig.call.sayGoodbye();
    await untilEnded(t, 10_000);
    expect(await t.rig.over()).toBe('shutdown');
    expect(robotTexts(t.rig)).toEqual([GOODBYE.text]);
  });

  it('is not said where nobody would hear it: the call is over at once', async () => {
    const before = await talk();
    before.rig.line.leave();
    const rejoining = await talk();
    rejoining.rig.line.interrupt();
    const speechless = await talk({ phrases: {} });
    await speechless.rig.speak(600, 8000);
    const connecting = { rig: rigOf(orchestratorOf(() => ({}))) };
    connecting.rig.call.start();
    for (const { rig } of [before, rejoining, speechless, connecting]) {
      rig.call.sayGoodbye();
      expect(rig.call.phase).toBe('ended');
      expect(await rig.over()).toBe('shutdown');
      expect(goodbyeMs(rig)).toBe(0);
      expect(rig.clock.pendingTimers).toBe(0);
    }
  });

  it('is over when its caller leaves, or the line goes down, in the middle of it', async () => {
    for (const go of [(rig: Rig) => rig.line.leave(), (rig: Rig) => rig.line.leave(true), (rig: Rig) => rig.line.interrupt()]) {
      const t = await talk();
      t.rig.call.sayGoodbye();
      await t.rig.speak(500, 0);
      expect(t.rig.call.phase).toBe('speaking');
      go(t.rig);
      expect(t.rig.call.phase).toBe('ended');
      expect(await t.rig.over()).toBe('shutdown');
    }
  });

  it('does not depend on the orchestrator', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const t = await talk({}, { hear: boom, stopPlayback: boom, speechDropped: boom, close: boom });
    await t.rig.speak(600, 8000);
    await t.rig.speak(1500, 0);
    expect(t.rig.call.phase).toBe('speaking');
    t.rig.call.sayGoodbye();
    await untilEnded(t, 10_000);
    expect(goodbyeMs(t.rig)).toBeGreaterThan(LENGTH_MS - 20);
    expect(await t.rig.over()).toBe('shutdown');
  });

  it('ends the call even where the recording cannot be played', async () => {
    for (const rateHz of [12_345, 0, NaN]) {
      const t = await talk({ phrases: { goodbye: { text: 'Bye.', audio: { samples: new Int16Array(4000), rateHz } } } });
      t.rig.call.sayGoodbye();
      expect(await untilEnded(t, 10_000)).toBeLessThanOrEqual(FAREWELL_SLACK_MS);
      expect(await t.rig.over()).toBe('shutdown');
    }
    const empty = await talk({ phrases: { goodbye: { text: '', audio: { samples: new Int16Array(0), rateHz: 8000 } } } });
    empty.rig.call.sayGoodbye();
    expect(await untilEnded(empty, 10_000)).toBeLessThan(500);
    expect(await empty.rig.over()).toBe('shutdown');
  });
});

describe('a caller who leaves', () => {
  it('by hanging up, ends the call within two seconds; by losing his connection, after the usual wait', async () => {
    for (const [hungUp, afterMs] of [
      [true, 1000],
      [false, 2000],
    ] as const) {
      for (const reach of Object.values(MOMENTS)) {
        const t = await talk();
        await reach(t);
        t.rig.line.leave(hungUp);
        // What is being done for him stops at once, not only with the call.
        for (const reply of t.replies) expect(reply.signal.aborted).toBe(true);
        expect(t.told).toHaveLength(t.rig.call.view().turns);
        const { length } = t.rig.frames;
        await wait(t.rig, afterMs - 1);
        expect(t.rig.call.phase).toBe('waiting');
        expect(Math.max(...joined(t.rig.frames.slice(length)))).toBe(0);
        await wait(t.rig, 1);
        expect(t.rig.call.phase).toBe('ended');
        expect(await t.rig.over()).toBe('caller_left');
      }
    }
  });

  it('and comes back with a new page, goes on where he was', async () => {
    const t = await talk();
    await t.rig.speak(500, 0);
    t.rig.line.leave(true);
    await wait(t.rig, 900);
    t.rig.line.join('again');
    await t.rig.speak(600, 8000);
    await t.rig.speak(1500, 0);
    expect(t.rig.call.phase).toBe('speaking');
    // The short wait was for that once.
    t.rig.line.leave();
    await wait(t.rig, 1500);
    expect(t.rig.call.phase).toBe('waiting');
    expect(await t.rig.over()).toBe('caller_left');
    expect(t.told.filter((what) => what === 'close')).toHaveLength(1);
  });

  it('leaves nothing behind five seconds later, even where the line never closes', async () => {
    const signals: AbortSignal[] = [];
    const orchestrator = orchestratorOf((host) => {
      signals.push(host.signal);
      return {};
    });
    const rig = await ready(rigOf(orchestrator, { line: (inner) => Object.assign(inner, { close: () => new Promise<void>(() => undefined) }) }));
    rig.line.leave(true);
    let isOver = false;
    void rig.call.done.then(() => (isOver = true));
    await wait(rig, 4999);
    expect([isOver, rig.clock.pendingTimers, rig.detector.closes, signals[0]?.aborted]).toEqual([true, 0, 1, true]);
    expect(rig.ends).toEqual(['caller_left']);
  });
});
