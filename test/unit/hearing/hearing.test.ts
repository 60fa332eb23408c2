import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SpeechEnded, SpeechEvent, SpeechRule } from '../../../voice-node/domain/speech.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { createResampler } from '../../../voice-node/dsp/resampler.js';
import { DEFAULT_TURNS, type TurnOptions } from '../../../voice-node/hearing/turns.js';
import { RULE, hearingOf, play, ramp, same, times } from './scripted.js';

const ended = (events: readonly SpeechEvent[]): SpeechEnded[] => events.filter((event) => event.type === 'speech_ended');
/** Events with their audio as a Buffer, which is compared quickly. */
const facts = (events: readonly SpeechEvent[]): unknown[] =>
  events.map((event) => (event.type === 'speech_ended' ? { ...event, utterance: { ...event.utterance, samples: Buffer.from(event.utterance.samples.buffer) } } : event));
const SPEECH = [...times(50, 0), ...times(50, 0.95), ...times(40, 0)];

describe('hearing', () => {
  it('says when speech began, when that was known, and when it arrived', () => {
    const { events } = play([...times(50, 0), 0.6, 0.6, ...times(48, 0.7), ...times(40, 0)]);
    expect(events).toHaveLength(2);
    expect(events[0]).toEqual({ type: 'speech_started', atMs: 1060, onsetMs: 1000, onsetArrivedMs: 1000 + 1020, tentative: false });
    expect(events[1]).toMatchObject({ type: 'speech_ended', atMs: 2500, offsetMs: 2000, offsetArrivedMs: 1000 + 2000, truncated: false });
  });

  it('hands over the utterance with pre-roll and a tail', () => {
    const { events, samples } = play(SPEECH);
    const [{ utterance }] = ended(events) as [SpeechEnded];
    expect(utterance).toMatchObject({ rateHz: 8000, startMs: 600, preRollMs: 400 });
    expect(same(utterance.samples, samples.slice(600 * 8, 2200 * 8))).toBe(true);
  });

  it('takes less pre-roll where the call has only begun', () => {
    const { events, samples } = play([...times(5, 0), ...times(20, 0.95), ...times(40, 0)]);
    const [{ utterance }] = ended(events) as [SpeechEnded];
    expect(utterance).toMatchObject({ startMs: 0, preRollMs: 100 });
    expect(same(utterance.samples, samples.slice(0, 700 * 8))).toBe(true);
  });

  it('drops speech that was too short', () => {
    expect(play([...times(50, 0), ...times(3, 0.95), ...times(40, 0)]).events).toMatchObject([
      { type: 'speech_started' },
      { type: 'speech_dropped', voicedMs: 60, atMs: 1560 },
    ]);
  });

  it.each([
    ['doubtful and 48 dB down: what the detector remembers', 0.5, 8, 40],
    ['doubtful and as loud as the voice', 0.5, 0, 200],
    ['quiet, of which the detector is sure', 0.7, 8, 200],
  ])('ends an utterance when its voice does: 160 ms that are %s', (_, p, shift, countsMs) => {
    // 40 ms of what it says after the voice are still loud.
    const script = [...times(50, 0), ...times(50, 0.95), ...times(2, 0.5), ...times(8, p), ...times(40, 0)];
    const { hearing, heard } = hearingOf(script);
    const voice = ramp(160);
    script.forEach((_, frame) => hearing.push(frame >= 50 && frame < 102 ? voice : voice.map((x) => x >> (frame >= 102 && frame < 110 ? shift : 8)), monotonicMs(20 * (frame + 1))));
    expect(heard.events.map(({ type, atMs }) => [type, atMs])).toEqual([
      ['speech_started', 1020],
      ['speech_ended', 2000 + countsMs + 500],
    ]);
    // What is shown is what the detector said.
    expect(heard.probabilities).toEqual(script);
  });

  it('cuts a monologue into utterances that join without a gap', () => {
    const { events, samples } = play([...times(50, 0), ...times(1000, 0.95), ...times(40, 0)], { turns: { maxUtteranceMs: 5000 } });
    const pieces = ended(events);
    expect(pieces.map((piece) => piece.truncated)).toEqual([true, true, true, true, false]);
    const joined = pieces.flatMap((piece) => [...piece.utterance.samples]);
    expect(same(Int16Array.from(joined), samples.slice(600 * 8, 21_200 * 8))).toBe(true);
    expect(Math.max(...pieces.map((piece) => piece.utterance.samples.length))).toBe(5000 * 8);
  });

  it('ends an open utterance when the audio is over', () => {
    const { events, samples } = play([...times(50, 0), ...times(20, 0.95)]);
    const [{ utterance, atMs, offsetMs }] = ended(events) as [SpeechEnded];
    expect([atMs, offsetMs]).toEqual([1400, 1400]);
    expect(same(utterance.samples, samples.slice(600 * 8))).toBe(true);
  });

  it('fills up the last frame when the audio is over', () => {
    const { hearing, heard } = hearingOf([]);
    hearing.push(new Int16Array(200).fill(7), monotonicMs(0));
    hearing.flush();
    expect(heard.frames).toHaveLength(2);
    expect(heard.frames[1]).toEqual(Int16Array.from({ length: 160 }, (_, i) => (i < 40 ? 7 : 0)));
    expect(hearing.positionMs).toBe(40);
  });

  it('tells every frame before what follows from it', () => {
    const order: string[] = [];
    const { hearing, heard } = hearingOf([0, 0.95]);
    heard.frames.push = () => order.push('frame');
    heard.events.push = () => order.push('event');
    hearing.push(new Int16Array(480), monotonicMs(0));
    expect(order).toEqual(['frame', 'frame', 'event', 'frame']);
  });

  it('goes by the interrupt rule while the robot speaks', () => {
    const { hearing, heard } = hearingOf([0.92, 0.92, 0.92, 0.92]);
    hearing.setRobotSpeaking(true);
    hearing.push(ramp(480), monotonicMs(0));
    expect(heard.events).toEqual([]);
    hearing.push(ramp(160), monotonicMs(0));
    expect(heard.events).toMatchObject([{ type: 'speech_started', atMs: 80, onsetMs: 0 }]);
  });

  it('goes on after its detector failed', () => {
    const script = [...SPEECH.slice(0, 55), new Error('out of memory'), ...SPEECH.slice(56)];
    const { hearing, heard, detector } = hearingOf(script);
    const samples = ramp(script.length * 160);
    const failing = (): void => hearing.push(samples.subarray(0, 160 * 70), monotonicMs(0));
    expect(failing).toThrow(expect.objectContaining({ code: 'vad_failed', message: 'detector energy failed: out of memory' }));
    expect(hearing.positionMs).toBe(1400);
    expect(heard.probabilities[55]).toBe(0);
    hearing.push(samples.subarray(160 * 70), monotonicMs(0));
    expect(same((ended(heard.events)[0] as SpeechEnded).utterance.samples, samples.slice(600 * 8, 2200 * 8))).toBe(true);
    hearing.close();
    expect(detector.closed).toBe(true);
  });

  it('is as new after a reset', () => {
    const { hearing, heard } = hearingOf(SPEECH, { inputRateHz: 48_000 });
    const samples = ramp(SPEECH.length * 960);
    // In the middle of speech and of a frame.
    hearing.push(samples.subarray(0, 960 * 70 + 321), monotonicMs(0));
    expect(heard.events).toHaveLength(1);
    hearing.reset();
    expect(hearing.positionMs).toBe(0);
    heard.events.length = 0;
    hearing.push(samples, monotonicMs(0));
    const fresh = hearingOf(SPEECH, { inputRateHz: 48_000 });
    fresh.hearing.push(samples, monotonicMs(0));
    expect(facts(heard.events)).toEqual(facts(fresh.heard.events));
    expect(heard.events).toHaveLength(2);
  });

  it('refuses a rate it cannot resample', () => {
    expect(() => hearingOf([], { inputRateHz: 1234 })).toThrow(expect.objectContaining({ code: 'audio_format' }));
  });
});

describe('hearing, whatever comes', () => {
  const rule = fc.record({ startWindow: fc.integer({ min: 1, max: 8 }), interruptWindow: fc.integer({ min: 1, max: 8 }), certain: fc.constantFrom(0.9, 2) }).chain((partial) =>
    fc
      .record({ startFrames: fc.integer({ min: 1, max: partial.startWindow }), interruptFrames: fc.integer({ min: 1, max: partial.interruptWindow }) })
      .map((counts): SpeechRule => ({ ...RULE, ...partial, ...counts, interruptCertain: partial.certain })),
  );
  const turns: fc.Arbitrary<Partial<TurnOptions>> = fc.record({
    minSpeechMs: fc.integer({ min: 0, max: 300 }),
    minSilenceMs: fc.integer({ min: 20, max: 700 }),
    preRollMs: fc.integer({ min: 0, max: 600 }),
    tailMs: fc.integer({ min: 0, max: 300 }),
    maxUtteranceMs: fc.integer({ min: 3000, max: 6000 }),
  });
  const run = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0, 0.3, 0.4, 0.6, 0.95)).map(([count, p]) => times(count, p));
  const script = fc.array(run, { maxLength: 14 }).map((runs) => runs.flat());

  it('events alternate, last as long as they must, and utterances are the audio itself', () => {
    fc.assert(
      fc.property(script, turns, rule, (probabilities, options, speechRule) => {
        const { events, samples } = play(probabilities, { turns: options, rule: speechRule });
        const all = { ...DEFAULT_TURNS, ...options };
        let onsetMs = -1;
        let heardToMs = 0;
        events.forEach((event, i) => {
          expect(event.type === 'speech_started').toBe(i % 2 === 0);
          if (event.type === 'speech_started') {
            onsetMs = event.onsetMs;
            const frame = onsetMs / 20;
            expect(probabilities[frame]).toBeGreaterThanOrEqual(RULE.stop);
            expect(event.onsetArrivedMs).toBe(1000 + onsetMs + 20);
            expect(onsetMs).toBeLessThan(event.atMs);
            // Known at the frame that completes the count, or the certain one.
            expect(probabilities[event.atMs / 20 - 1]).toBeGreaterThanOrEqual(RULE.start);
            return;
          }
          if (event.type === 'speech_dropped') {
            expect(event.voicedMs).toBeLessThan(all.minSpeechMs);
            return;
          }
          if (event.type !== 'speech_ended') return;
          const { utterance } = event;
          const voiced = probabilities.slice(onsetMs / 20, event.offsetMs / 20).filter((p) => p >= RULE.stop).length;
          expect(voiced * 20).toBeGreaterThanOrEqual(all.minSpeechMs);
          expect(probabilities[event.offsetMs / 20 - 1]).toBeGreaterThanOrEqual(RULE.stop);
          // The audio is a piece of the input, begins before the onset and ends after the last voiced frame.
          const from = utterance.startMs * 8;
          expect(same(utterance.samples, samples.slice(from, from + utterance.samples.length))).toBe(true);
          expect(utterance.startMs + utterance.preRollMs).toBe(onsetMs);
          const endMs = utterance.startMs + utterance.samples.length / 8;
          expect(endMs).toBeGreaterThanOrEqual(event.offsetMs);
          expect(endMs).toBeLessThanOrEqual(Math.min(event.atMs, event.offsetMs + Math.ceil(all.tailMs / 20) * 20));
          // The whole pre-roll, unless that would repeat speech or reach before the call; the voice may have
          // been found up to 240 ms before the frame that the pre-roll was counted from.
          if (utterance.preRollMs < all.preRollMs - 240) expect(utterance.startMs).toBe(heardToMs);
          expect(utterance.startMs).toBeGreaterThanOrEqual(heardToMs);
          expect(endMs - utterance.startMs).toBeLessThanOrEqual(Math.ceil(all.maxUtteranceMs / 20) * 20);
          heardToMs = event.truncated ? endMs : event.offsetMs;
          const atEnd = event.atMs === probabilities.length * 20;
          if (!event.truncated && !atEnd) expect(event.atMs - event.offsetMs).toBe(Math.ceil(all.minSilenceMs / 20) * 20);
        });
        expect(events.length % 2).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it.each([8000, 16_000] as const)('does not depend on how the wire is cut (%i Hz)', (rateHz) => {
    const wire = ramp(48_000 * 3);
    const probabilities = [...times(30, 0), ...times(60, 0.95), ...times(60, 0)];
    const { hearing, heard } = hearingOf(probabilities, { rateHz, inputRateHz: 48_000 });
    hearing.push(wire, monotonicMs(0));
    const whole = createResampler({ fromHz: 48_000, toHz: rateHz }).process(wire);
    expect(same(Int16Array.from(heard.frames.flatMap((frame) => [...frame])), whole)).toBe(true);
    expect(heard.events.map((event) => event.type)).toEqual(['speech_started', 'speech_ended']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 20 }), (cuts) => {
        const cut = hearingOf(probabilities, { rateHz, inputRateHz: 48_000 });
        for (let at = 0, i = 0; at < wire.length; i++) {
          const length = cuts[i % cuts.length] as number;
          // Borrowed: what is pushed is overwritten afterwards.
          const piece = wire.slice(at, at + length);
          cut.hearing.push(piece, monotonicMs(0));
          piece.fill(0);
          at += length;
        }
        expect(facts(cut.heard.events)).toEqual(facts(heard.events));
        expect(cut.heard.probabilities).toEqual(heard.probabilities);
      }),
      { numRuns: 10 },
    );
  });
});
