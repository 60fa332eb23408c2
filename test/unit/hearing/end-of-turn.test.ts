import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_END_OF_TURN, EndOfTurn, endOfTurnOptions, type EndOfTurnOptions } from '../../../voice-node/hearing/end-of-turn.js';
import { SENTENCE, speak, type Stretch } from './voices.js';

const GOES_ON: Stretch = { ms: 400, hz: (share) => 150 + 15 * share, level: 0.35 };
const FINISHED: Stretch = { ms: 400, hz: (share) => 140 - 25 * share, level: (share) => 0.2 * 10 ** (-share) };

const play = (turn: EndOfTurn, stretches: readonly Stretch[], voiced: boolean): void => {
  for (const frame of speak(stretches)) turn.push(frame, voiced);
};

/** In the pause after a sentence that ends like this. */
function paused(last: Stretch, changes: Partial<EndOfTurnOptions> = {}): EndOfTurn {
  const turn = new EndOfTurn(endOfTurnOptions(changes), 8000);
  turn.begin();
  play(turn, [...SENTENCE, last], true);
  play(turn, [{ ms: 60, hz: 0 }], false);
  return turn;
}

describe('by the sound of the voice', () => {
  it('a turn that sounds finished ends sooner than one that does not, within the bounds', () => {
    expect(paused(FINISHED).silenceMs).toBe(DEFAULT_END_OF_TURN.minSilenceMs);
    expect(paused(GOES_ON).silenceMs).toBeGreaterThan(600);
    expect(paused(GOES_ON, { maxSilenceMs: 620 }).silenceMs).toBe(620);
  });

  it('nothing is decided before 60 ms of silence, and anew in each pause', () => {
    const turn = paused(GOES_ON);
    play(turn, [{ ms: 40, hz: 140 }], true);
    expect(turn.silenceMs).toBe(500);
    play(turn, [{ ms: 40, hz: 0 }], false);
    expect(turn.silenceMs).toBe(500);
    play(turn, [FINISHED], true);
    play(turn, [{ ms: 60, hz: 0 }], false);
    expect(turn.silenceMs).toBe(DEFAULT_END_OF_TURN.minSilenceMs);
  });

  it('an unknown speaker gets the plain silence; a known one is remembered from turn to turn', () => {
    const turn = new EndOfTurn(endOfTurnOptions(), 8000);
    turn.begin();
    play(turn, [{ ms: 300, hz: 140 }], true);
    play(turn, [{ ms: 100, hz: 0 }], false);
    expect(turn.silenceMs).toBe(500);
    const known = paused(GOES_ON);
    known.begin();
    play(known, [{ ms: 300, hz: 140 }, FINISHED], true);
    play(known, [{ ms: 60, hz: 0 }], false);
    expect(known.silenceMs).toBe(DEFAULT_END_OF_TURN.minSilenceMs);
    known.reset();
    play(known, [{ ms: 300, hz: 140 }], true);
    play(known, [{ ms: 100, hz: 0 }], false);
    expect(known.silenceMs).toBe(500);
  });

  it('is out of it where a unit is worth nothing', () => {
    expect(paused(GOES_ON, { msPerUnit: 0 }).silenceMs).toBe(500);
  });
});

describe('by the words', () => {
  it.each([
    ['I would like to', 'unfinished'],
    ['i want to book a table for, uh', 'unfinished'],
    ['Я хочу заказать столик на', 'unfinished'],
    ['ну э', 'unfinished'],
    ['потому что', 'unfinished'],
    ['Well...', 'unfinished'],
    ['the order, the red one,', 'unfinished'],
    ['I would like to.', 'unfinished'],
    ['two people', 'open'],
    ['Two people, please.', 'finished'],
    ['Когда придёт мой заказ?', 'finished'],
    ['', 'none'],
    ['   ', 'none'],
  ])('«%s» is %s', (text, kind) => {
    const turn = paused({ ms: 400, hz: 140 });
    const before = turn.score;
    turn.words(text, false);
    const change = turn.score - before;
    if (kind === 'unfinished') expect(change).toBeLessThan(-2);
    else if (kind === 'none') expect(change).toBe(0);
    else if (kind === 'open') expect(change).toBeGreaterThan(0);
    else expect(change).toBeGreaterThan(1);
  });

  it('a word list of the robot counts, and only it', () => {
    const turn = paused({ ms: 400, hz: 140 }, { unfinishedWords: ['Und', 'zum beispiel'] });
    const score = (text: string): number => (turn.words(text, false), turn.score);
    const open = score('zwei Personen');
    expect(score('zwei Personen und')).toBeLessThan(open);
    expect(score('zum Beispiel')).toBeLessThan(open);
    expect(score('ein Beispiel')).toBe(open);
    expect(score('I would like to')).toBe(open);
  });

  it('words come into a running pause; what was said before more speech is stale', () => {
    const turn = paused(FINISHED);
    turn.words('I would like to', false);
    const waiting = turn.silenceMs;
    expect(waiting).toBeGreaterThan(900);
    play(turn, [{ ms: 400, hz: 140 }, FINISHED], true);
    play(turn, [{ ms: 60, hz: 0 }], false);
    expect(turn.silenceMs).toBe(DEFAULT_END_OF_TURN.minSilenceMs);
  });

  it('a new utterance has no words yet', () => {
    const turn = paused(FINISHED);
    turn.words('and', false);
    turn.begin();
    expect(turn.score).toBe(0);
  });
});

describe('the model', () => {
  it('is wanted once in each pause, 200 ms into it, where there is one', () => {
    const wantedIn = (turn: EndOfTurn, silentMs: number): number[] => {
      const wanted: number[] = [];
      speak([{ ms: silentMs, hz: 0 }]).forEach((frame, i) => {
        turn.push(frame, false);
        if (turn.wantsModel) wanted.push(20 * (i + 1));
      });
      return wanted;
    };
    const turn = new EndOfTurn(endOfTurnOptions({ modelWaitMs: 150 }), 8000);
    turn.begin();
    play(turn, SENTENCE, true);
    expect(wantedIn(turn, 180)).toEqual([]);
    play(turn, [{ ms: 100, hz: 140 }], true);
    expect(wantedIn(turn, 600)).toEqual([200]);
    play(turn, [{ ms: 100, hz: 140 }], true);
    expect(wantedIn(turn, 600)).toEqual([200]);
    const without = new EndOfTurn(endOfTurnOptions(), 8000);
    without.begin();
    play(without, SENTENCE, true);
    expect(wantedIn(without, 600)).toEqual([]);
  });

  const asked = (last: Stretch, changes: Partial<EndOfTurnOptions> = {}): EndOfTurn => {
    const turn = paused(last, { modelWaitMs: 150, minSilenceMs: 300, ...changes });
    play(turn, [{ ms: 140, hz: 0 }], false);
    return turn;
  };

  it('is waited for, and overrules the sound', () => {
    const turn = asked(FINISHED);
    expect(turn.wantsModel).toBe(true);
    expect(turn.silenceMs).toBe(350);
    turn.modelSays(0.02);
    expect(turn.silenceMs).toBe(DEFAULT_END_OF_TURN.maxSilenceMs);
    const other = asked(GOES_ON);
    other.modelSays(0.98);
    expect(other.silenceMs).toBe(300);
  });

  it('may fail, or answer nonsense: the sound counts then', () => {
    for (const answer of [undefined, Number.NaN, -1, 2]) {
      const turn = asked(FINISHED);
      turn.modelSays(answer);
      expect(turn.silenceMs).toBe(300);
    }
    // Certainty is not infinite: words can still speak against it.
    const turn = asked(FINISHED, { msPerUnit: 100 });
    turn.modelSays(1);
    turn.words('and', false);
    expect(turn.score).toBeCloseTo(1.5);
  });

  it('comes too late once the caller talks again', () => {
    const turn = asked(FINISHED);
    play(turn, [{ ms: 40, hz: 140 }], true);
    turn.modelSays(0.99);
    expect(turn.score).toBe(0);
  });
});

describe('a voice that comes back', () => {
  it('is waited for, 120 ms, until the detector has made up its mind', () => {
    const turn = paused(FINISHED);
    play(turn, [{ ms: 400, hz: 0 }], false);
    expect(turn.silenceMs).toBe(460);
    const silences = speak([{ ms: 200, hz: 140 }]).map((frame) => (turn.push(frame, false), turn.silenceMs));
    // At each of these frames the silence so far, 480 ms and more, is not enough.
    expect(silences.slice(0, 6).every((ms, i) => ms > 460 + 20 * (i + 1))).toBe(true);
    // What is loud for longer and no voice is noise.
    expect(silences.slice(6)).toEqual([460, 460, 460, 460]);
  });
});

describe('whatever is heard', () => {
  it('the silence stays within the bounds, and 120 ms where something is loud', () => {
    const script = fc.array(
      fc.record({ ms: fc.integer({ min: 1, max: 30 }).map((n) => 20 * n), hz: fc.constantFrom(0, 90, 200, 380), level: fc.constantFrom(0.001, 0.1, 0.9), voiced: fc.boolean(), words: fc.constantFrom('', 'and', 'yes.') }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(script, (steps) => {
        const turn = new EndOfTurn(endOfTurnOptions({ modelWaitMs: 150 }), 8000);
        turn.begin();
        let silent = 0;
        for (const { voiced, words, ...stretch } of steps) {
          turn.words(words, false);
          for (const frame of speak([stretch])) {
            turn.push(frame, voiced);
            silent = voiced ? 0 : silent + 20;
            const most = turn.speaksAgain ? Math.max(1400, silent + 20) : 1400;
            if (!(turn.silenceMs >= 460 && turn.silenceMs <= most)) throw new Error(`${turn.silenceMs} after ${silent}`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('options that cannot be are refused with what was expected', () => {
    for (const changes of [{ minSilenceMs: 10 }, { minSilenceMs: 600 }, { maxSilenceMs: 400 }, { maxSilenceMs: 6000 }, { msPerUnit: -1 }, { msPerUnit: Number.NaN }, { modelWaitMs: 0 }]) {
      expect(() => endOfTurnOptions(changes)).toThrow(/expected.*got/);
    }
  });
});
