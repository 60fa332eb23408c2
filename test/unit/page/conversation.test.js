// @ts-check
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callEnded, converse, EMPTY_CONVERSATION, withWords } from '../../../static/conversation.js';
import { KEPT_LINES } from '../../../static/conversation-lines.js';
import { describeLine, newlySaid } from '../../../static/conversation-text.js';

/** @import { CallerEvent, TurnReport } from '../../../voice-node/domain/events.js' */
/** @import { Conversation } from '../../../static/conversation.js' */

/** @param {readonly CallerEvent[]} events */
const after = (...events) => events.reduce(converse, EMPTY_CONVERSATION);

/** @param {Conversation} talk */
const read = (talk) =>
  talk.lines.map((line) => {
    const { who, words, tail, sound, remarks } = describeLine(line);
    return [`${who}: ${sound === null ? words + tail : `<${sound}>`}`, ...remarks.map((remark) => remark.words)].join(' | ');
  });

/** @param {number} turn @param {Partial<TurnReport>} [more] @returns {CallerEvent} */
const turnEvent = (turn, more = {}) => ({ type: 'turn', atMs: turn * 10_000 + 5000, turn, end: 'answered', marksMs: {}, stagesMs: { response: 640 }, utteranceMs: 500, heardMs: 400, ...more });

/** @type {readonly CallerEvent[]} */
const GREETING = [
  { type: 'reply_started', atMs: 300 },
  { type: 'reply_text', atMs: 500, reply: 1, text: 'Hello,', final: false },
  { type: 'reply_text', atMs: 900, reply: 1, text: 'Hello, this is Ann.', final: true },
  { type: 'reply_ended', atMs: 1000, heardMs: 700, cut: false },
];

/** @param {number} turn @returns {CallerEvent[]} */
const asked = (turn) => [
  { type: 'speech_started', atMs: turn * 10_000 + 100, turn, onsetMs: turn * 10_000 },
  { type: 'transcript', atMs: turn * 10_000 + 600, turn, text: 'what', final: false },
  { type: 'speech_ended', atMs: turn * 10_000 + 1900, turn, offsetMs: turn * 10_000 + 1400, utteranceMs: 1400 },
  { type: 'transcript', atMs: turn * 10_000 + 2000, turn, text: 'What time is it?', final: true },
];

/** @param {number} turn @param {number} reply @returns {CallerEvent[]} */
const answered = (turn, reply) => [
  { type: 'reply_started', atMs: turn * 10_000 + 2500, turn },
  { type: 'reply_text', atMs: turn * 10_000 + 2700, reply, turn, text: 'It is', final: false },
  { type: 'reply_text', atMs: turn * 10_000 + 3300, reply, turn, text: 'It is noon.', final: true },
  { type: 'reply_ended', atMs: turn * 10_000 + 3400, turn, heardMs: 900, cut: false },
  turnEvent(turn),
];

describe('a conversation', () => {
  it('has the greeting first, then question and answer, each once', () => {
    const talk = after(...GREETING, ...asked(1), ...answered(1, 2), ...asked(2), ...answered(2, 3));
    expect(read(talk)).toEqual(['robot: Hello, this is Ann.', 'you: What time is it?', 'robot: It is noon.', 'you: What time is it?', 'robot: It is noon.']);
    expect(talk.lines.map((line) => [line.open, line.final])).toEqual(talk.lines.map(() => [false, true]));
  });

  it('shows words as they grow, of both', () => {
    const [started, guess] = /** @type {[CallerEvent, CallerEvent]} */ (asked(1).slice(0, 2));
    const growing = after(started, guess);
    expect(growing.lines[0]).toMatchObject({ text: 'what', final: false, open: true });
    const speaking = after(...asked(1), ...answered(1, 2).slice(0, 2));
    expect(speaking.lines[1]).toMatchObject({ text: 'It is', final: false, open: true, reply: 2 });
    expect(speaking.lines[0]).toMatchObject({ text: 'What time is it?', final: true });
  });

  it('does not go back from final words to a guess that was overtaken', () => {
    const talk = after(...asked(1), { type: 'transcript', atMs: 12_100, turn: 1, text: 'What time', final: false });
    expect(talk.lines[0]).toMatchObject({ text: 'What time is it?', final: true });
  });

  it('awaits the answer from the end of speech until it is heard, given up, or talked over', () => {
    expect(after(...asked(1)).awaited).toBe(1);
    expect(after(...asked(1), ...answered(1, 2).slice(0, 1)).awaited).toBeNull();
    expect(after(...asked(1), turnEvent(1, { end: 'unanswered' })).awaited).toBeNull();
    expect(after(...asked(1), ...asked(2).slice(0, 1)).awaited).toBeNull();
    expect(callEnded(after(...asked(1))).awaited).toBeNull();
  });

  it('links each turn once, with its response time where there is one', () => {
    const talk = after(...GREETING, ...asked(1), ...answered(1, 2), ...asked(2), turnEvent(2, { end: 'unanswered', stagesMs: {} }));
    expect(talk.lines.map((line) => describeLine(line).link?.words ?? null)).toEqual([null, null, '640 ms · #1', '#2']);
    expect(read(talk)[3]).toBe('you: What time is it? | no answer');
  });

  it('leaves the older model alone, and knows when nothing changed', () => {
    const before = after(...asked(1));
    const lines = structuredClone(before.lines);
    converse(before, { type: 'transcript', atMs: 1, turn: 1, text: 'Other words.', final: true });
    expect(before.lines).toEqual(lines);
    expect(converse(before, { type: 'vad', atMs: 1, frameMs: 20, p: [1] })).toBe(before);
  });
});

describe('an interrupted reply', () => {
  /** @type {readonly CallerEvent[]} */
  const cut = [
    ...asked(1),
    ...answered(1, 2).slice(0, 2),
    { type: 'reply_text', atMs: 12_800, reply: 2, turn: 1, text: 'It is nearly,', final: true },
    { type: 'reply_ended', atMs: 12_800, turn: 1, heardMs: 300, cut: true },
    { type: 'barge_in', atMs: 12_800, turn: 1, stopMs: 90, heardMs: 300 },
    turnEvent(1, { end: 'interrupted' }),
    { type: 'speech_started', atMs: 12_800, turn: 2, onsetMs: 12_710 },
  ];

  it('ends where it was cut, before the words that cut it', () => {
    expect(read(after(...cut))).toEqual(['you: What time is it?', 'robot: It is nearly— | interrupted', 'you: <speaking>']);
  });

  it('ends with a dash after its full stop, too', () => {
    const talk = after(...cut, { type: 'reply_text', atMs: 12_900, reply: 2, turn: 1, text: 'It is noon. ', final: true });
    expect(read(talk)[1]).toBe('robot: It is noon. — | interrupted');
  });

  it('that ended for another reason does not say that the caller interrupted', () => {
    expect(read(after(...cut.slice(0, 8)))[1]).toBe('robot: It is nearly— | cut off');
  });

  it('of a robot without words tells how much of it was heard', () => {
    const talk = after({ type: 'reply_started', atMs: 10, turn: 1 }, { type: 'reply_ended', atMs: 75, turn: 1, heardMs: 65, cut: true }, { type: 'barge_in', atMs: 75, turn: 1, stopMs: 20, heardMs: 65 });
    expect(read(talk)).toEqual(['robot: <0.07 s> | interrupted']);
  });
});

describe('a turn that failed', () => {
  const failed = turnEvent(1, { end: 'failed', error: 'provider_first_timeout', stagesMs: {} });

  it('says why in plain words with the code, before the apology', () => {
    const talk = after(...asked(1), failed, { type: 'reply_started', atMs: 15_100 }, { type: 'reply_text', atMs: 15_400, reply: 3, text: 'Sorry, once more please.', final: true, apology: true });
    expect(read(talk)).toEqual(['you: What time is it?', 'fault: This turn failed. A service that the robot needs did not begin to answer in time.', 'robot: Sorry, once more please. | apology']);
    expect(talk.lines.map((line) => [describeLine(line).code, describeLine(line).link?.words])).toEqual([['', undefined], ['provider_first_timeout', '#1'], ['', undefined]]);
  });

  it('marks the apology where it has no words', () => {
    const talk = after(...asked(1), failed, { type: 'reply_started', atMs: 15_100 }, { type: 'reply_ended', atMs: 17_100, heardMs: 2000, cut: false });
    expect(read(talk)[2]).toBe('robot: <2.0 s> | apology');
  });

  it('in the middle of its answer shows what was heard of it', () => {
    const talk = after(...asked(1), ...answered(1, 2).slice(0, 2), { type: 'reply_ended', atMs: 12_900, turn: 1, heardMs: 400, cut: true }, failed);
    expect(read(talk).slice(1)).toEqual(['robot: It is— | broken off by a fault', 'fault: This turn failed. A service that the robot needs did not begin to answer in time.']);
  });

  it('without a known code still says so, inherited names included', () => {
    for (const error of [undefined, 'constructor', '__proto__', 'of_a_newer_node']) {
      const talk = after(/** @type {CallerEvent} */ ({ ...failed, error }));
      expect(read(talk)).toEqual(['fault: This turn failed. The robot could not answer.']);
    }
  });
});

describe('a robot without words', () => {
  it('has its turns shown by how long they sounded', () => {
    const talk = after(
      { type: 'speech_started', atMs: 1100, turn: 1, onsetMs: 1000 },
      { type: 'speech_ended', atMs: 2900, turn: 1, offsetMs: 2400, utteranceMs: 1500 },
      { type: 'reply_started', atMs: 2950, turn: 1 },
      { type: 'reply_ended', atMs: 4400, turn: 1, heardMs: 1450, cut: false },
      turnEvent(1),
    );
    expect(read(talk)).toEqual(['you: <1.4 s>', 'robot: <1.4 s>']);
    expect(newlySaid(EMPTY_CONVERSATION, talk), 'nothing to read out').toEqual([]);
  });

  it('leaves no line of what was no speech; one with words stays, marked', () => {
    const [started, guess] = /** @type {[CallerEvent, CallerEvent]} */ (asked(1).slice(0, 2));
    expect(after(started, { type: 'speech_dropped', atMs: 10_200, turn: 1 }).lines).toEqual([]);
    expect(read(after(started, guess, { type: 'speech_dropped', atMs: 10_900, turn: 1 }))).toEqual(['you: what | too short to answer']);
  });
});

describe('packets in odd order', () => {
  it('gives words a line even where the news of speech and reply were lost', () => {
    const talk = after({ type: 'transcript', atMs: 50, turn: 7, text: 'Hi.', final: true }, { type: 'reply_text', atMs: 90, reply: 4, turn: 7, text: 'Hello.', final: true });
    expect(read(talk)).toEqual(['you: Hi.', 'robot: Hello.']);
  });

  it('takes words that are quicker than the news of their reply as the same reply', () => {
    const talk = after({ type: 'reply_text', atMs: 90, reply: 4, text: 'Hel', final: false }, { type: 'reply_started', atMs: 95 }, { type: 'reply_text', atMs: 99, reply: 4, text: 'Hello.', final: true });
    expect(read(talk)).toEqual(['robot: Hello.']);
  });

  it('does not take the early words of a second unasked reply for more of the first', () => {
    const talk = after(...GREETING, { type: 'reply_text', atMs: 9000, reply: 2, text: 'Are you', final: false }, { type: 'reply_started', atMs: 9001 });
    expect(read(talk)).toEqual(['robot: Hello, this is Ann.', 'robot: Are you']);
    expect(talk.lines[1]).toMatchObject({ open: true, heard: true });
  });

  it('keeps two replies to one turn apart', () => {
    const talk = after(...asked(1), ...answered(1, 2).slice(0, 2), { type: 'reply_ended', atMs: 12_900, turn: 1, heardMs: 400, cut: true }, { type: 'reply_started', atMs: 13_000, turn: 1 }, { type: 'reply_text', atMs: 13_100, reply: 3, turn: 1, text: 'No: one.', final: true });
    expect(read(talk).slice(1)).toEqual(['robot: It is— | cut off', 'robot: No: one.']);
  });

  it('does not mix up turns of a node that was restarted during the call', () => {
    const talk = after({ type: 'call', atMs: 0, callId: 'a', robot: 'r', rateHz: 8000, detector: 'd' }, ...asked(1), { type: 'call', atMs: 0, callId: 'b', robot: 'r', rateHz: 8000, detector: 'd' }, ...asked(1));
    expect(read(talk)).toEqual(['you: What time is it?', 'you: What time is it?']);
    expect(talk.lines.map((line) => line.turn)).toEqual([null, 1]);
  });

  it('holds what it promises whatever comes: bounded, in order of time, no key twice, nothing thrown', () => {
    const turn = fc.integer({ min: 1, max: 4 });
    const maybeTurn = fc.option(turn, { nil: undefined });
    const text = fc.constantFrom('', 'a', 'a b', 'a b c.');
    /** @type {fc.Arbitrary<CallerEvent>} */
    const event = fc.oneof(
      turn.map((n) => /** @type {CallerEvent} */ ({ type: 'speech_started', atMs: 0, turn: n, onsetMs: 0 })),
      turn.map((n) => /** @type {CallerEvent} */ ({ type: 'speech_ended', atMs: 0, turn: n, offsetMs: 0, utteranceMs: 5 })),
      turn.map((n) => /** @type {CallerEvent} */ ({ type: 'speech_dropped', atMs: 0, turn: n })),
      fc.tuple(turn, text, fc.boolean()).map(([n, words, final]) => /** @type {CallerEvent} */ ({ type: 'transcript', atMs: 0, turn: n, text: words, final })),
      maybeTurn.map((n) => /** @type {CallerEvent} */ ({ type: 'reply_started', atMs: 0, ...(n ? { turn: n } : {}) })),
      fc.tuple(turn, maybeTurn, text, fc.boolean()).map(([reply, n, words, final]) => /** @type {CallerEvent} */ ({ type: 'reply_text', atMs: 0, reply, ...(n ? { turn: n } : {}), text: words, final })),
      fc.tuple(maybeTurn, fc.boolean()).map(([n, cut]) => /** @type {CallerEvent} */ ({ type: 'reply_ended', atMs: 0, heardMs: 9, cut, ...(n ? { turn: n } : {}) })),
      fc.tuple(turn, fc.constantFrom('answered', 'failed', 'unanswered', 'interrupted')).map(([n, end]) => turnEvent(n, { end: /** @type {TurnReport['end']} */ (end) })),
      fc.tuple(maybeTurn, fc.constantFrom('held', 'resumed', 'noise', 'echo', 'backchannel', 'speech')).map(([n, decision]) => /** @type {CallerEvent} */ ({ type: 'interruption', atMs: 0, decision, afterMs: 40, ...(n ? { turn: n } : {}) })),
      fc.constantFrom('x', 'y').map((callId) => /** @type {CallerEvent} */ ({ type: 'call', atMs: 0, callId, robot: 'r', rateHz: 8000, detector: 'd' })),
    );
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const timed = events.map((one, i) => /** @type {CallerEvent} */ ({ ...one, atMs: i * 10, ...('onsetMs' in one ? { onsetMs: i * 10 - 5 } : {}) }));
      const talk = callEnded(after(...timed));
      const times = talk.lines.flatMap((line) => line.atMs ?? []);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(new Set(talk.lines.map((line) => line.key)).size).toBe(talk.lines.length);
      expect(talk.lines.some((line) => line.open)).toBe(false);
      const perTurn = talk.lines.filter((line) => line.from !== 'robot' && line.turn !== null).map((line) => `${line.from} ${line.turn}`);
      expect(new Set(perTurn).size).toBe(perTurn.length);
    }), { numRuns: 300 });
  });
});

it('keeps a bounded number of lines, and says how many are gone', () => {
  const talk = after(...Array.from({ length: 300 }, (_, i) => asked(i + 1)).flat());
  expect([talk.lines.length, talk.gone]).toEqual([KEPT_LINES, 300 - KEPT_LINES]);
  expect(talk.lines.at(-1)?.turn).toBe(300);
});

describe('words by text streams', () => {
  /** @param {string} id @param {'caller' | 'robot'} from @param {string} text @param {boolean} [final] */
  const segment = (id, from, text, final = true) => ({ id, from, text, final });

  it('make the conversation where no events come at all', () => {
    let talk = withWords(EMPTY_CONVERSATION, segment('s1', 'robot', 'Hel', false));
    talk = withWords(talk, segment('s1', 'robot', 'Hello.'));
    talk = withWords(talk, segment('s2', 'caller', 'Hi.'));
    expect(read(talk)).toEqual(['robot: Hello.', 'you: Hi.']);
  });

  it('belong to the speech and reply that were seen, where events come without words', () => {
    let talk = after({ type: 'speech_started', atMs: 1100, turn: 1, onsetMs: 1000 });
    talk = withWords(talk, segment('turn-1', 'caller', 'Hi.'));
    talk = converse(talk, { type: 'reply_started', atMs: 2000, turn: 1 });
    talk = withWords(talk, segment('reply-1', 'robot', 'Hello.'));
    expect(read(talk)).toEqual(['you: Hi.', 'robot: Hello.']);
  });

  it('never stand twice: whichever comes first, the events win', () => {
    const late = withWords(after(...asked(1)), segment('turn-1', 'caller', 'What time is it?'));
    expect(read(late)).toEqual(['you: What time is it?']);
    let early = withWords(after(...asked(1).slice(0, 1)), segment('turn-1', 'caller', 'what'));
    early = withWords(early, segment('odd', 'robot', 'of nobody'));
    for (const event of asked(1).slice(1)) early = converse(early, event);
    expect(read(early)).toEqual(['you: What time is it?']);
  });
});

describe('what is read out', () => {
  it('are words that stand, once, never those on their way', () => {
    /** @type {string[]} */
    const said = [];
    /** @type {readonly CallerEvent[]} */
    const events = [...GREETING, ...asked(1), ...answered(1, 2)];
    events.reduce((before, event) => {
      const next = converse(before, event);
      said.push(...newlySaid(before, next));
      return next;
    }, EMPTY_CONVERSATION);
    expect(said).toEqual(['Robot: Hello, this is Ann.', 'You: What time is it?', 'Robot: It is noon.']);
  });

  it('tells how a line ended', () => {
    const talk = after(...GREETING.slice(0, 3), { type: 'reply_ended', atMs: 990, heardMs: 650, cut: true }, { type: 'barge_in', atMs: 990, stopMs: 80, heardMs: 650 });
    expect(newlySaid(EMPTY_CONVERSATION, talk)).toEqual(['Robot: Hello, this is Ann. (interrupted)']);
  });
});
