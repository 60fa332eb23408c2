import { describe, expect, it } from 'vitest';

import { DEFAULT_TURNS, Turns, turnOptions, type TurnChange } from '../../../voice-node/hearing/turns.js';
import { RULE, times } from './scripted.js';

/** Plays probabilities; the frame of each change, with it. */
function play(script: readonly number[], turns: Turns = new Turns(RULE, DEFAULT_TURNS)): [number, TurnChange][] {
  return script.flatMap((p, i): [number, TurnChange][] => {
    const change = turns.push(p, 20 * (i + 1));
    return change === 'none' ? [] : [[i, change]];
  });
}

describe('the start', () => {
  it('wants 3 of the last 5 frames', () => {
    expect(play([0, 0.5, 0, 0.5, 0, 0.5])).toEqual([[5, 'started']]);
    expect(play([0, 0.5, 0, 0, 0.5, 0, 0.5, 0, 0])).toEqual([]);
    expect(play(times(10, 0.49))).toEqual([]);
  });

  it('takes one frame that is certain', () => {
    expect(play([0, 0, 0.9])).toEqual([[2, 'started']]);
    expect(play([0, 0, 0.899, 0])).toEqual([]);
  });

  it('goes by the stricter rule while the robot speaks', () => {
    const script = [0.9, 0, 0.6, 0.6, 0.6, 0.6];
    const turns = new Turns(RULE, DEFAULT_TURNS);
    turns.setRobotSpeaking(true);
    expect(play(script, turns)).toEqual([[4, 'started']]);
    expect(play(script)).toEqual([[0, 'started']]);
    const again = new Turns(RULE, DEFAULT_TURNS);
    again.setRobotSpeaking(true);
    expect(play([0, 0.6, 0.6, 0.6, 0], again)).toEqual([]);
    again.setRobotSpeaking(false);
    expect(again.push(0.6, 0)).toBe('started');
  });

  it('lies at the first voiced frame of its run', () => {
    const onset = (script: readonly number[]): number => {
      const turns = new Turns(RULE, DEFAULT_TURNS);
      expect(play(script, turns)).toHaveLength(1);
      expect(turns.onsetArrivedMs).toBe(20 * (turns.onsetFrame + 1));
      return turns.onsetFrame;
    };
    expect(onset([0, 0, 0.5, 0.6, 0.7])).toBe(2);
    // Voiced already, though not yet enough to start.
    expect(onset([0, 0.4, 0.4, 0.6, 0.95])).toBe(1);
    // Three silent frames lie between: another sound.
    expect(onset([0.6, 0, 0, 0, 0.95])).toBe(4);
    // Not further back than the window.
    expect(onset([...times(20, 0.4), 0.95])).toBe(16);
  });
});

describe('the end', () => {
  it('comes with the 25th silent frame in a row', () => {
    const turns = new Turns(RULE, DEFAULT_TURNS);
    expect(play([...times(10, 0.95), ...times(24, 0.34), 0.35, ...times(25, 0.34)], turns)).toEqual([
      [0, 'started'],
      [59, 'ended'],
    ]);
    expect(turns.offsetFrame).toBe(35);
    expect(turns.offsetArrivedMs).toBe(35 * 20);
    expect(turns.endFrame).toBe(45);
  });

  it('is a drop where too little was voiced', () => {
    expect(play([...times(4, 0.95), ...times(25, 0)])).toEqual([[0, 'started'], [28, 'dropped']]);
    expect(play([...times(5, 0.95), ...times(25, 0)])).toEqual([[0, 'started'], [29, 'ended']]);
    const tolerant = new Turns(RULE, turnOptions({ minSpeechMs: 0 }));
    expect(play([0.95, ...times(25, 0)], tolerant)).toEqual([[0, 'started'], [25, 'ended']]);
  });

  it('comes with the end of the stream, once', () => {
    const turns = new Turns(RULE, DEFAULT_TURNS);
    expect(turns.flush()).toBe('none');
    play(times(10, 0.95), turns);
    expect(turns.flush()).toBe('ended');
    expect(turns.flush()).toBe('none');
  });

  it('is forced at the longest length, and the next utterance goes on exactly there', () => {
    const turns = new Turns(RULE, turnOptions({ maxUtteranceMs: 3000, preRollMs: 400 }));
    const changes = play([...times(50, 0), ...times(200, 0.95)], turns);
    // Pre-roll from frame 30: 150 frames later is 180. Started anew with the next frame.
    expect(changes.slice(0, 3)).toEqual([[50, 'started'], [179, 'truncated'], [180, 'started']]);
    expect(turns.startFrame).toBe(180);
  });

  it('leaves no frames of the old run for the next start', () => {
    const quick = new Turns(RULE, turnOptions({ minSilenceMs: 20, minSpeechMs: 0 }));
    expect(play([0.6, 0.6, 0.6, 0, 0.6, 0, 0.6, 0.6], quick)).toEqual([[2, 'started'], [3, 'ended'], [7, 'started']]);
  });
});

describe('turnOptions', () => {
  it('fills in the defaults', () => {
    expect(turnOptions()).toEqual(DEFAULT_TURNS);
    expect(turnOptions({ minSilenceMs: 700 })).toEqual({ ...DEFAULT_TURNS, minSilenceMs: 700 });
  });

  it.each([
    [{ minSilenceMs: 0 }, 'minSilenceMs: expected 20 to 5000 ms, got 0'],
    [{ preRollMs: -1 }, 'preRollMs: expected 0 to 2000 ms, got -1'],
    [{ maxUtteranceMs: Number.NaN }, 'maxUtteranceMs: expected 3000 to 600000 ms, got NaN'],
    [{ tailMs: 1e9 }, 'tailMs: expected 0 to 2000 ms, got 1000000000'],
  ])('refuses %j', (changes, message) => {
    expect(() => turnOptions(changes)).toThrow(expect.objectContaining({ code: 'config_invalid', message }));
  });
});
