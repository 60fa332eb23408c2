import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { Heard } from '../../../voice-node/domain/orchestrator.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { ToneOrchestrator } from '../../../voice-node/orchestrators/tone.js';
import { joined, orchestratorOf, ready, rigOf, type Rig } from './rig.js';

const rms = (samples: Int16Array): number => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / Math.max(1, samples.length));
/** What happened, without the strip and the introductions. */
const types = (rig: Rig): string[] => rig.line.events.map((event) => event.type).filter((type) => type !== 'vad' && type !== 'call');
/** Where the sound begins and ends in what was sent, in ms. */
function soundIn(samples: Int16Array): { beginMs: number; endMs: number } {
  const loud = (x: number): boolean => Math.abs(x) > 300;
  return { beginMs: samples.findIndex(loud) / 48, endMs: samples.findLastIndex(loud) / 48 };
}

/** What every call owes when it is over, however it went. */
function expectClean(rig: Rig): void {
  expect(rig.clock.pendingTimers).toBe(0);
  expect(rig.ends).toHaveLength(1);
  expect(rig.detector.closes).toBe(1);
  expect(rig.detector.pushesAfterClose).toBe(0);
  expect(rig.line.closed).toBe(true);
}

describe('a call with the echo', () => {
  it('says back what was said, and reports the turn', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    await rig.speak(400, 0);
    await rig.speak(1000, 8000);
    await rig.speak(3000, 0);
    expect(rig.line.events[0]).toEqual({ type: 'call', atMs: 0, callId: 'call-1', robot: 'echo', rateHz: 8000, detector: 'energy' });
    expect(types(rig)).toEqual(['speech_started', 'speech_ended', 'reply_started', 'reply_ended', 'turn']);
    // 400 ms before the voice, 1000 of it, 200 after; 0.4 ms of the voice reach into one frame more.
    const turn = rig.meter.turns[0];
    expect(turn).toMatchObject({ turn: 1, end: 'answered', utteranceMs: 1620 });
    // The voice, its tail and 100 ms before it; the echo skips silence in front of that, and nothing else.
    expect(turn?.heardMs).toBeGreaterThanOrEqual(1320);
    expect(turn?.heardMs).toBeLessThan(1323);
    const { beginMs, endMs } = soundIn(rig.sent());
    expect(endMs - beginMs).toBeGreaterThan(995);
    expect(endMs - beginMs).toBeLessThan(1005);
    expect(rig.line.states).toEqual(['listening', 'thinking', 'speaking', 'listening']);
    rig.line.leave();
    expect(await rig.over()).toBe('caller_left');
    expectClean(rig);
  });

  it('falls silent when interrupted, then answers the interruption; not one sample of the old reply comes later', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    await rig.speak(2000, 8000, 300);
    await rig.speak(1300, 0);
    const before = rig.frames.length;
    await rig.speak(100, 8000, 2000);
    const cutFrame = rig.frames.length;
    expect(rig.meter.bargeIns).toHaveLength(1);
    expect(rig.meter.bargeIns[0]).toBeLessThanOrEqual(60);
    expect(rig.meter.turns).toMatchObject([{ turn: 1, end: 'interrupted' }]);
    expect(cutFrame - before).toBeLessThanOrEqual(12);
    await rig.speak(500, 8000, 2000);
    expect(rms(joined(rig.frames.slice(cutFrame)))).toBe(0);
    await rig.speak(3000, 0);
    expect(types(rig)).toContain('barge_in');
    expect(rig.meter.turns).toMatchObject([{ end: 'interrupted' }, { end: 'answered' }]);
    // What was heard is what was handed over: the loud part and its pre-roll.
    expect(rig.meter.turns[0]?.heardMs).toBeGreaterThan(600);
    rig.call.hangUp('shutdown');
    expect(await rig.over()).toBe('shutdown');
    expectClean(rig);
  });

  it('sends frames without a pause, two every 20 ms, from the beginning to the end', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    await rig.speak(5000, 0);
    expect(rig.frames).toHaveLength(2 * (5000 / 20 + 1));
    expect(rig.meter.late).toBe(0);
    expect(rig.meter.framesIn).toBe(250);
    rig.call.hangUp('shutdown');
    await rig.over();
    const { length } = rig.frames;
    await rig.clock.advanceTo(rig.clock.nowMs() + 1000);
    expect(rig.frames).toHaveLength(length);
  });

  it('ends an utterance whose audio stops coming', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    await rig.speak(800, 8000);
    expect(rig.call.phase).toBe('hearing');
    await rig.clock.advanceTo(rig.clock.nowMs() + 2000);
    expect(types(rig)).toContain('speech_ended');
    expect(types(rig)).toContain('reply_started');
  });

  it('hears at 16 kHz as well', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator(), { options: { rateHz: 16_000 } }));
    await rig.speak(800, 8000);
    await rig.speak(3000, 0);
    expect(rig.meter.turns).toMatchObject([{ end: 'answered', utteranceMs: 1000 }]);
  });

  it('goes on with the next caller', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    await rig.speak(600, 8000);
    rig.line.leave();
    await rig.clock.advanceTo(rig.clock.nowMs() + 500);
    rig.line.join('another');
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    expect(rig.meter.turns).toMatchObject([{ turn: 1, end: 'unanswered' }, { turn: 2, end: 'answered' }]);
  });

  it('counts what the transport refuses, and goes on', async () => {
    const rig = await ready(rigOf(new EchoOrchestrator()));
    rig.line.stuck = true;
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    // The echo of 600 ms and what hearing puts around it; not the silence of all the rest.
    expect(rig.meter.dropped.transport).toBeGreaterThan(55);
    expect(rig.meter.dropped.transport).toBeLessThan(150);
    rig.line.stuck = false;
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    expect(rig.meter.turns.map((turn) => turn.end)).toEqual(['answered', 'answered']);
    // Nobody heard the first one: it has no t6.
    expect(rig.meter.turns[0]?.marksMs.t6).toBeUndefined();
  });
});

describe('a call with other robots', () => {
  it('answers with a tone, at once', async () => {
    const rig = await ready(rigOf(new ToneOrchestrator({ frequencyHz: 700, durationMs: 500, levelDbfs: -12 })));
    await rig.speak(500, 8000);
    await rig.speak(2000, 0);
    const [turn] = rig.meter.turns;
    expect(turn).toMatchObject({ end: 'answered' });
    expect(turn?.heardMs).toBeCloseTo(500, -1);
    // Only the pacer's grid of 20 ms lies between the end of the utterance and the tone.
    expect(turn?.stagesMs.response).toBeLessThanOrEqual(20);
  });

  it('says its recorded sentence where the answer fails, and listens again', async () => {
    const told: string[] = [];
    const audio = { samples: new Int16Array(16_000).fill(5000), rateHz: 16_000 };
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => ({
          speechEnded(turn) {
            const reply = host.beginReply(turn);
            reply.text('half an ');
            void reply.audio(new Int16Array(8000).fill(2000), 8000).then(() => reply.fail(new VoiceNodeError('provider_broken', 'the stream broke off')));
          },
          stopPlayback: ({ generation, text }) => told.push(`stop ${generation} ${text}`),
          playbackFinished: ({ generation }) => told.push(`finished ${generation}`),
        })),
        { options: { phrases: { apology: { text: 'Sorry, again please.', audio } } } },
      ),
    );
    await rig.speak(600, 8000);
    await rig.speak(3000, 0);
    expect(rig.meter.turns).toMatchObject([{ turn: 1, end: 'failed', error: 'provider_broken' }]);
    expect(told).toEqual(['stop 1 ']);
    expect(rig.line.events.filter((event) => event.type === 'reply_text' && event.final)).toMatchObject([{ reply: 2, text: 'Sorry, again please.', apology: true }]);
    const loud = rig.sent().filter((sample) => sample > 4000).length;
    expect(loud).toBeGreaterThan(47_000);
    expect(rig.call.phase).toBe('listening');
    expect(rig.line.states.at(-1)).toBe('listening');
    rig.call.hangUp('shutdown');
    await rig.over();
    expectClean(rig);
  });

  it('tells its conversation everything, in order', async () => {
    const said: string[] = [];
    const heard: Heard[] = [];
    let frames = 0;
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => ({
          hear: (frame) => void (frames += frame.length),
          speechStarted: (turn) => said.push(`started ${turn}`),
          speechDropped: (turn) => said.push(`dropped ${turn}`),
          speechEnded(turn, { samples, rateHz }) {
            said.push(`ended ${turn}`);
            const reply = host.beginReply(turn);
            reply.text('one');
            host.transcript(turn, 'words', true);
            void reply.audio(samples, rateHz);
            reply.end();
          },
          stopPlayback: (what) => {
            said.push(`stop ${what.turn}`);
            heard.push(what);
          },
          playbackFinished: (what) => {
            said.push(`finished ${what.turn}`);
            heard.push(what);
          },
          close: () => said.push('close'),
        })),
      ),
    );
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    await rig.speak(600, 8000);
    await rig.speak(1000, 0);
    await rig.speak(60, 8000);
    await rig.speak(1000, 0);
    rig.call.hangUp('shutdown');
    await rig.over();
    expect(said).toEqual(['started 1', 'ended 1', 'finished 1', 'started 2', 'ended 2', 'stop 2', 'started 3', 'dropped 3', 'close']);
    expect(heard).toMatchObject([{ generation: 1, complete: true }, { generation: 2, complete: false }]);
    expect(frames).toBe(8 * (600 + 2000 + 600 + 1000 + 60 + 1000));
    // The first reply was heard to its end; of the second one not a whole word was.
    expect(heard.map((what) => what.text)).toEqual(['one', '']);
    expect(rig.line.transcripts).toEqual([
      { from: 'caller', segment: 'turn-1', text: 'words', final: true },
      { from: 'robot', segment: 'reply-1', text: 'one', final: false },
      { from: 'robot', segment: 'reply-1', text: 'one', final: true },
      { from: 'caller', segment: 'turn-2', text: 'words', final: true },
    ]);
    const texts = rig.line.events.filter((event) => event.type === 'transcript' || event.type === 'reply_text');
    expect(texts).toMatchObject([
      { type: 'transcript', turn: 1, text: 'words', final: true },
      { type: 'reply_text', reply: 1, turn: 1, text: 'one', final: false },
      { type: 'reply_text', reply: 1, turn: 1, text: 'one', final: true },
      { type: 'transcript', turn: 2, text: 'words', final: true },
    ]);
    expectClean(rig);
  });

  it('greets, says good-bye and hangs up once that was heard', async () => {
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => {
          const greeting = host.beginReply();
          void greeting.audio(new Int16Array(8000).fill(5000), 16_000);
          greeting.end();
          host.endCall();
          return {};
        }),
      ),
    );
    expect(await rig.over()).toBe('robot_ended');
    const { beginMs, endMs } = soundIn(rig.sent());
    expect(endMs - beginMs).toBeGreaterThan(498);
    // What follows the last word is silence for the jitter buffers on the way.
    expect(rig.frames.length * 10 - endMs).toBeGreaterThan(250);
    expectClean(rig);
  });

  it('lets the robot begin anew from within being told that its reply was given up', async () => {
    const replies: { generation: number; aborted: () => boolean }[] = [];
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => {
          const begin = (): void => {
            const reply = host.beginReply();
            replies.push({ generation: reply.generation, aborted: () => reply.signal.aborted });
            void reply.audio(new Int16Array(4800).fill(1000), 48_000);
          };
          begin();
          let again = 1;
          return { speechEnded: begin, stopPlayback: () => (again-- > 0 ? begin() : undefined) };
        }),
      ),
    );
    // 100 ms of audio without an end: given up after the longest gap.
    await rig.clock.advanceTo(4000);
    expect(replies.map((reply) => reply.generation)).toEqual([1, 2]);
    expect(replies.map((reply) => reply.aborted())).toEqual([true, false]);
    rig.call.hangUp('shutdown');
    await rig.over();
    expect(replies.every((reply) => reply.aborted())).toBe(true);
  });

  it('gives a reply that was replaced while it was begun no voice, and a number of its own', async () => {
    let outer: { generation: number; aborted: boolean } | undefined;
    let inner = 0;
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => {
          host.beginReply();
          const timer = (): void => {
            const reply = host.beginReply();
            outer = { generation: reply.generation, aborted: reply.signal.aborted };
          };
          void Promise.resolve().then(timer);
          return { stopPlayback: () => (inner === 0 ? void (inner = host.beginReply().generation) : undefined) };
        }),
      ),
    );
    await rig.clock.advanceTo(100);
    expect(inner).toBe(3);
    expect(outer).toEqual({ generation: 0, aborted: true });
  });
});
