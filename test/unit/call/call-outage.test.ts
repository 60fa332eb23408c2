import { describe, expect, it } from 'vitest';
import { UNNOTICED_OUTAGE_MS } from '../../../voice-node/call/state.js';
import type { Said } from '../../../voice-node/domain/journal.js';
import type { ConversationHost, Reply } from '../../../voice-node/domain/orchestrator.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { LIMITS } from './core-driver.js';
import { joined, orchestratorOf, ready, rigOf, type Rig, type RigOptions } from './rig.js';

const BACK_LEVEL = 2500;
const BACK = { text: 'Sorry, we were cut off.', audio: { samples: new Int16Array(16_000).fill(BACK_LEVEL), rateHz: 16_000 } };
const PHRASES = { back: BACK };

/** Ms of the recorded phrase in what was sent since frame `from`; the answers swing, it does not. */
const backMs = (rig: Rig, from = 0): number => joined(rig.frames.slice(from)).filter((sample) => Math.abs(sample - BACK_LEVEL) < 60).length / 48;
const wait = (rig: Rig, ms: number): Promise<void> => rig.clock.advanceTo(rig.clock.nowMs() + ms);
const robotTexts = (rig: Rig): string[] => rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));

interface Talk {
  readonly rig: Rig;
  readonly hosts: ConversationHost[];
  readonly replies: Reply[];
  readonly told: string[];
}

/** A robot that answers each turn with ten seconds of noise, and keeps count of everything. */
async function talk(options: RigOptions['options'] = {}): Promise<Talk> {
  const hosts: ConversationHost[] = [];
  const replies: Reply[] = [];
  const told: string[] = [];
  const rig = rigOf(
    orchestratorOf((host) => {
      hosts.push(host);
      return {
        speechDropped: (turn) => told.push(`dropped ${turn}`),
        speechEnded(turn) {
          const reply = host.beginReply(turn);
          replies.push(reply);
          void reply.audio(Int16Array.from({ length: 160_000 }, (_, i) => (i % 16 < 8 ? 6000 : -6000)), 16_000).then(() => reply.end());
        },
        stopPlayback: ({ generation }) => told.push(`stop ${generation}`),
        playbackFinished: ({ generation }) => told.push(`finished ${generation}`),
        close: () => told.push('close'),
      };
    }),
    { options: { phrases: PHRASES, ...options } },
  );
  return { rig: await ready(rig), hosts, replies, told };
}

async function askAndListen({ rig }: Talk): Promise<void> {
  await rig.speak(600, 8000);
  await rig.speak(1500, 0);
  expect(rig.call.phase).toBe('speaking');
}

describe('a line that goes down and comes back', () => {
  it('stops what is being said at once; afterwards the robot says so, and the same conversation goes on', async () => {
    const t = await talk();
    const { rig } = t;
    await askAndListen(t);
    rig.line.interrupt();
    expect(rig.call.phase).toBe('rejoining');
    expect([t.replies[0]?.signal.aborted, t.told]).toEqual([true, ['stop 1']]);
    await wait(rig, 20_000);
    expect(rig.call.phase).toBe('rejoining');
    rig.line.restore();
    expect(rig.call.phase).toBe('waiting');
    const from = rig.frames.length;
    await wait(rig, 500);
    rig.line.join('somebody');
    await rig.speak(1500, 0);
    expect(backMs(rig, from)).toBeGreaterThan(980);
    expect(robotTexts(rig)).toEqual([BACK.text]);
    expect(rig.call.phase).toBe('listening');
    await askAndListen(t);
    expect(t.hosts).toHaveLength(1);
    // The conversation knows nothing of the phrase.
    expect(t.told).toEqual(['stop 1']);
    expect(rig.call.view()).toMatchObject({ turns: 2, rejoins: 1, phase: 'speaking' });
    rig.call.hangUp('shutdown');
    await rig.over();
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('takes no reply while it is down', async () => {
    const t = await talk();
    t.rig.line.interrupt();
    const tried: boolean[] = [];
    for (let i = 0; i < 10; i++) {
      await wait(t.rig, 500);
      const reply = t.hosts[0]?.beginReply();
      tried.push(reply?.signal.aborted === true);
      void reply?.audio(new Int16Array(8000).fill(5000), 16_000).then((taken) => tried.push(!taken));
    }
    await wait(t.rig, 0);
    expect(tried).toEqual(Array.from({ length: 20 }, () => true));
    expect(t.rig.line.events.some((event) => event.type === 'reply_started')).toBe(false);
    expect(t.rig.call.phase).toBe('rejoining');
  });

  it('gives up what the caller was saying', async () => {
    const t = await talk();
    await t.rig.speak(600, 8000);
    expect(t.rig.call.phase).toBe('hearing');
    t.rig.line.interrupt();
    expect(t.told).toEqual(['dropped 1']);
    await wait(t.rig, 1000);
    t.rig.line.restore();
    t.rig.line.join();
    // The rest of it is a turn of its own.
    await t.rig.speak(400, 8000);
    await t.rig.speak(1500, 0);
    expect(t.rig.meter.turns).toMatchObject([{ turn: 1, end: 'unanswered' }]);
    expect(t.rig.call.view().turns).toBe(2);
    expect(t.replies.map(({ turn }) => turn)).toEqual([2]);
  });

  it('says nothing of an outage that nobody has noticed; the time until the caller is back counts', async () => {
    for (const [downMs, aloneMs, isTold] of [
      [UNNOTICED_OUTAGE_MS, 0, false],
      [UNNOTICED_OUTAGE_MS + 1, 0, true],
      [1000, 1900, false],
      [2000, 1500, true],
    ] as const) {
      const t = await talk();
      t.rig.line.interrupt();
      await wait(t.rig, downMs);
      t.rig.line.restore();
      await wait(t.rig, aloneMs);
      t.rig.line.join();
      await t.rig.speak(2000, 0);
      expect([downMs, aloneMs, robotTexts(t.rig)]).toEqual([downMs, aloneMs, isTold ? [BACK.text] : []]);
      // Once, and not again when he has only been away himself.
      t.rig.line.leave();
      await wait(t.rig, 1000);
      t.rig.line.join();
      await t.rig.speak(2000, 0);
      expect(robotTexts(t.rig)).toHaveLength(isTold ? 1 : 0);
    }
  });

  it('goes down several times before anybody is back: once is it said', async () => {
    const t = await talk();
    for (let i = 0; i < 5; i++) {
      t.rig.line.interrupt();
      await wait(t.rig, 800);
      t.rig.line.restore();
      await wait(t.rig, 100);
    }
    t.rig.line.join();
    await t.rig.speak(2000, 0);
    expect(robotTexts(t.rig)).toEqual([BACK.text]);
    expect(t.rig.call.view().rejoins).toBe(5);
  });

  it('is waited for as long as the call may last, and no longer', async () => {
    const t = await talk();
    t.rig.line.interrupt();
    await t.rig.clock.advanceTo(LIMITS.callMs - 1);
    expect(t.rig.call.phase).toBe('rejoining');
    await t.rig.clock.advanceTo(LIMITS.callMs);
    expect(await t.rig.call.done).toBe('too_long');
    expect(t.told).toEqual(['close']);
    expect(t.rig.clock.pendingTimers).toBe(0);
  });

  it('may come back without a caller, who is waited for as usual', async () => {
    const t = await talk();
    t.rig.line.interrupt();
    await wait(t.rig, 10_000);
    t.rig.line.restore();
    await wait(t.rig, LIMITS.noCallerMs - 1);
    expect(t.rig.call.phase).toBe('waiting');
    expect(await t.rig.over()).toBe('caller_left');
  });

  it('ends the call where its caller had hung up, and says nothing where nobody was ever there', async () => {
    const gone = await talk();
    gone.rig.line.leave(true);
    gone.rig.line.interrupt();
    expect(gone.rig.call.phase).toBe('ended');
    expect(await gone.rig.over()).toBe('caller_left');
    const early = rigOf(new EchoOrchestrator(), { options: { phrases: PHRASES } });
    early.call.start();
    await wait(early, 100);
    early.line.interrupt();
    await wait(early, 60_000);
    early.line.restore();
    early.line.join();
    await early.speak(2000, 0);
    expect(robotTexts(early)).toEqual([]);
    expect(early.call.phase).toBe('listening');
  });

  it('may end for good meanwhile', async () => {
    for (const end of ['lost', 'room_closed', 'superseded'] as const) {
      const t = await talk();
      t.rig.line.interrupt();
      await wait(t.rig, 1000);
      t.rig.line.drop(end);
      expect(await t.rig.over()).toBe(end);
      expect(t.rig.clock.pendingTimers).toBe(0);
    }
  });
});

describe('a call that goes on in another process', () => {
  const PAST: readonly Said[] = [
    { by: 'robot', text: 'Hello.' },
    { by: 'caller', text: 'A table for two, please.' },
  ];

  it('gives its conversation what was said, and the caller the phrase', async () => {
    const t = await talk({ past: PAST });
    expect(t.hosts.map(({ past }) => past)).toEqual([PAST]);
    await t.rig.speak(1500, 0);
    expect(robotTexts(t.rig)).toEqual([BACK.text]);
    expect(backMs(t.rig)).toBeGreaterThan(980);
    expect(t.rig.said).toEqual([]);
    await askAndListen(t);
    // Only to begin with.
    t.rig.line.leave();
    t.rig.line.join();
    await t.rig.speak(2000, 0);
    expect([t.hosts.length, robotTexts(t.rig)]).toEqual([1, [BACK.text]]);
  });

  it('lets the caller interrupt the phrase', async () => {
    const t = await talk({ past: [] });
    await t.rig.speak(300, 0);
    expect(t.rig.call.phase).toBe('speaking');
    await t.rig.speak(600, 8000);
    await t.rig.speak(1500, 0);
    expect(backMs(t.rig)).toBeLessThan(600);
    expect([t.replies.length, t.told]).toEqual([1, []]);
  });

  it('listens at once where there is no such phrase', async () => {
    const t = await talk({ past: PAST, phrases: {} });
    expect(t.rig.call.phase).toBe('listening');
    expect(t.hosts).toHaveLength(1);
  });

  it('ends as left by its caller where he does not come back', async () => {
    const rig = rigOf(new EchoOrchestrator(), { options: { past: PAST } });
    rig.call.start();
    expect(await rig.over()).toBe('caller_left');
  });

  it('a new call has no past, and greets by itself', async () => {
    const t = await talk();
    expect(t.hosts.map(({ past }) => past)).toEqual([undefined]);
    await t.rig.speak(1500, 0);
    expect(robotTexts(t.rig)).toEqual([]);
  });

  it('has lasted since it was accepted', async () => {
    const t = await talk({ past: PAST, ageMs: LIMITS.callMs - 10_000 });
    for (let ms = 0; ms < 9800; ms += 200) await t.rig.speak(200, 0);
    expect(t.rig.call.phase).toBe('listening');
    await t.rig.speak(400, 0);
    expect(t.rig.call.phase).toBe('ended');
    expect(await t.rig.over()).toBe('too_long');
    const old = rigOf(new EchoOrchestrator(), { options: { ageMs: LIMITS.callMs + 1 } });
    old.call.start();
    expect(await old.over()).toBe('too_long');
  });
});
