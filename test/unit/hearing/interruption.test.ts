import { describe, expect, it } from 'vitest';
import type { SpeechEvent } from '../../../voice-node/domain/speech.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { Hearing } from '../../../voice-node/hearing/hearing.js';
import { confirmOptions, type ConfirmOptions } from '../../../voice-node/hearing/interruption.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { DEFAULT_WORDS } from '../../../voice-node/hearing/words.js';
import { ScriptedDetector } from './scripted.js';

/** A stretch of audio: its length, the detector's probability, its level (RMS of a square wave). */
type Stretch = readonly [ms: number, p: number, level: number];

const QUIET: Stretch = [200, 0, 10];
const CALLER = 1600;
/** The caller says something before the robot speaks: his level is known. */
const INTRODUCTION: readonly Stretch[] = [QUIET, [1000, 1, CALLER], [900, 0, 10]];

interface Scene {
  readonly events: readonly SpeechEvent[];
  readonly types: readonly string[];
  readonly reasons: readonly string[];
}

/** The robot begins to speak where the scene begins; the events of the introduction are left out. */
function scene(stretches: readonly Stretch[], { words = [], confirm = {}, introduced = true }: { words?: readonly (readonly [atMs: number, text: string])[]; confirm?: Partial<ConfirmOptions>; introduced?: boolean } = {}): Scene {
  const before = introduced ? INTRODUCTION : [QUIET];
  const frames = [...before, ...stretches].flatMap(([ms, p, level]) => Array.from({ length: ms / 20 }, () => ({ p, level })));
  const introFrames = before.reduce((sum, [ms]) => sum + ms / 20, 0);
  const events: SpeechEvent[] = [];
  const reasons: string[] = [];
  const hearing = new Hearing(
    { callRateHz: 8000, inputRateHz: 8000, detector: new ScriptedDetector(frames.map(({ p }) => p)), turns: turnOptions(), confirm: confirmOptions(confirm, DEFAULT_WORDS) },
    { frame: (_, { reason }) => void reasons.push(reason), speech: (event) => void events.push(event) },
  );
  frames.forEach(({ level }, i) => {
    if (i === introFrames) {
      events.length = reasons.length = 0;
      hearing.setRobotSpeaking(true);
    }
    for (const [atMs, text] of words) if (i === introFrames + atMs / 20) hearing.words(text, false);
    hearing.push(Int16Array.from({ length: 160 }, (_, n) => (n % 2 === 0 ? level : -level)), monotonicMs(20 * (i + 1)));
    // As the call does: a reply that is cut is over.
    if (events.at(-1)?.type === 'speech_meant') hearing.setRobotSpeaking(false);
  });
  return { events, types: events.map(({ type }) => type), reasons };
}

describe('what interrupts the robot', () => {
  it('somebody who speaks on: suspected at once, held as speech, then meant, and a turn of its own', () => {
    const { types, events } = scene([QUIET, [40, 0.4, CALLER], [1460, 1, CALLER], [900, 0, 10]]);
    expect(types).toEqual(['speech_suspected', 'speech_started', 'speech_meant', 'speech_ended']);
    expect(events[1]).toMatchObject({ tentative: true });
    const [suspected, held, meant, ended] = events.map(({ atMs }) => atMs as number) as [number, number, number, number];
    expect(held - suspected).toBeLessThanOrEqual(120);
    expect(meant - held).toBeGreaterThan(500);
    expect(meant - held).toBeLessThan(800);
    const end = events.at(-1);
    // All of it was recorded, from before its first frame on.
    expect(end?.type === 'speech_ended' && end.utterance.samples.length / 8).toBeGreaterThan(1540 + 300);
    expect(ended - meant).toBeGreaterThan(800);
  });

  it.each([
    ['a door', [[60, 0.2, 9000], [600, 0, 10]], ['speech_suspected', 'speech_dismissed'], 'noise'],
    ['a click that the detector believes for one frame', [[20, 0.4, 5000], [600, 0, 10]], ['speech_suspected', 'speech_dismissed'], 'noise'],
    ['"uh-huh"', [[40, 0.4, CALLER], [360, 1, CALLER], [1000, 0, 10]], ['speech_suspected', 'speech_started', 'speech_dismissed'], 'backchannel'],
    ['a cough that passes for speech', [[40, 0.4, CALLER], [60, 1, CALLER], [100, 0.4, CALLER], [100, 0.4, CALLER], [1000, 0, 10]], ['speech_suspected', 'speech_started', 'speech_dismissed'], 'noise'],
    ['somebody at the other end of the room', [[40, 0.4, CALLER / 16], [1460, 1, CALLER / 16], [1000, 0, 10]], ['speech_suspected', 'speech_dismissed'], 'noise'],
  ] as const)('not %s', (_, stretches, types, reason) => {
    const found = scene([QUIET, ...(stretches as readonly Stretch[])]);
    expect(found.types).toEqual(types);
    expect(found.events.at(-1)).toMatchObject({ type: 'speech_dismissed', reason });
  });

  it('"uh-huh" twice is heard twice, and dismissed twice', () => {
    const { types } = scene([QUIET, [40, 0.4, CALLER], [360, 1, CALLER], [700, 0, 10], [40, 0.4, CALLER], [360, 1, CALLER], [700, 0, 10]]);
    expect(types).toEqual(['speech_suspected', 'speech_started', 'speech_dismissed', 'speech_suspected', 'speech_started', 'speech_dismissed']);
  });

  it('a short word that is a command, or louder than usual, or any other word', () => {
    const short: readonly Stretch[] = [QUIET, [40, 0.4, CALLER], [360, 1, CALLER], [1000, 0, 10]];
    expect(scene(short, { words: [[500, 'stop']] }).types).toContain('speech_meant');
    expect(scene(short, { words: [[500, 'on tuesday']] }).types).toContain('speech_meant');
    expect(scene([QUIET, [40, 0.4, CALLER * 2.5], [360, 1, CALLER * 2.5], [1000, 0, 10]]).types).toContain('speech_meant');
    expect(scene(short, { words: [[500, 'yeah']] }).types).toContain('speech_dismissed');
  });

  it('one word that may be a mistake of the recogniser only where it is as long as a word', () => {
    const said = (ms: number): readonly string[] => scene([QUIET, [40, 0.4, CALLER], [ms - 40, 1, CALLER], [1000, 0, 10]], { words: [[500, 'but']] }).types;
    expect(said(360)).toContain('speech_dismissed');
    expect(said(520)).toContain('speech_meant');
  });

  it('not a long row of backchannels, where they are recognised', () => {
    const { types } = scene([QUIET, [40, 0.4, CALLER], [1160, 1, CALLER], [1000, 0, 10]], { words: [[500, 'yeah yeah okay']] });
    expect(types).toEqual(['speech_suspected', 'speech_started', 'speech_dismissed']);
  });

  it('goes by its options', () => {
    const { events } = scene([QUIET, [40, 0.4, CALLER], [560, 1, CALLER], [1000, 0, 10]], { confirm: { meantMs: 300 } });
    const [, held, meant] = events.map(({ atMs }) => atMs as number);
    expect((meant ?? 0) - (held ?? 0)).toBeLessThan(300);
    expect(() => confirmOptions({ meantMs: 50 }, DEFAULT_WORDS)).toThrow('meantMs: expected 100 to 3000, got 50');
  });

  it('lets a caller interrupt of whom nothing is known yet', () => {
    expect(scene([QUIET, [1500, 1, 400], [900, 0, 10]], { introduced: false }).types).toContain('speech_meant');
  });

  it('does not flap at a noise that goes on: it is suspected once until it pauses', () => {
    const { types } = scene([QUIET, [4000, 0.1, 3000], [600, 0, 10], [100, 0.1, 3000], [600, 0, 10]]);
    expect(types).toEqual(['speech_suspected', 'speech_dismissed', 'speech_suspected', 'speech_dismissed']);
  });

  it('a voice that was too distant to interrupt is no turn either when the robot has finished', () => {
    const frames: Stretch[] = [QUIET, [40, 0.4, CALLER / 16], [560, 1, CALLER / 16]];
    expect(scene([...frames, [1000, 0, 10]]).types).not.toContain('speech_ended');
  });

  it('shows each frame what it was taken for', () => {
    const { reasons } = scene([QUIET, [40, 0.4, CALLER], [360, 1, CALLER], [1000, 0, 10]]);
    expect([...new Set(reasons)]).toEqual(['silence', 'suspected', 'held', 'resumed']);
  });
});

it('without rules of its own the first confirmed speech interrupts', () => {
  const events: SpeechEvent[] = [];
  const hearing = new Hearing({ callRateHz: 8000, inputRateHz: 8000, detector: new ScriptedDetector(Array.from({ length: 30 }, () => 1)), turns: turnOptions() }, { frame: () => undefined, speech: (event) => void events.push(event) });
  hearing.setRobotSpeaking(true);
  for (let i = 0; i < 30; i++) hearing.push(new Int16Array(160).fill(2000), monotonicMs(20 * i));
  expect(events).toMatchObject([{ type: 'speech_started', tentative: false }]);
});
