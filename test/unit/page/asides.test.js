// @ts-check
import { describe, expect, it } from 'vitest';
import { converse, EMPTY_CONVERSATION } from '../../../static/conversation.js';
import { describeLine } from '../../../static/conversation-text.js';

/** @import { CallerEvent } from '../../../voice-node/domain/events.js' */
/** @import { Conversation } from '../../../static/conversation.js' */

/** @param {readonly CallerEvent[]} events */
const after = (...events) => events.reduce(converse, EMPTY_CONVERSATION);

/** @param {Conversation} talk */
const read = (talk) =>
  talk.lines.map((line) => {
    const { who, words, tail, remarks } = describeLine(line);
    return [`${who}: ${words}${tail}`, ...remarks.map((remark) => remark.words)].join(' | ');
  });

describe('a reply beside which something was heard', () => {
  /** @type {readonly CallerEvent[]} */
  const speaking = [
    { type: 'transcript', atMs: 10_600, turn: 1, text: 'What time is it?', final: true },
    { type: 'reply_started', atMs: 12_500, turn: 1 },
    { type: 'reply_text', atMs: 12_700, reply: 2, turn: 1, text: 'It is', final: false },
  ];
  /** @param {number} atMs @param {string} decision @param {number} [turn] */
  const told = (atMs, decision, turn = 1) => /** @type {CallerEvent} */ ({ type: 'interruption', atMs, turn, decision, afterMs: 60 });
  /** @param {number} atMs @param {string} text @returns {CallerEvent[]} */
  const uhHuh = (atMs, text) => [
    told(atMs, 'held'),
    { type: 'speech_started', atMs, turn: 2, onsetMs: atMs - 60 },
    ...(text === '' ? [] : [/** @type {CallerEvent} */ ({ type: 'transcript', atMs: atMs + 300, turn: 2, text, final: false })]),
    told(atMs + 420, 'backchannel'),
    told(atMs + 420, 'resumed'),
    { type: 'speech_dropped', atMs: atMs + 420, turn: 2 },
  ];

  it('says what it went on after, and how long it was held', () => {
    expect(read(after(...speaking, ...uhHuh(12_800, '')))).toEqual(['you: What time is it?', 'robot: It is | went on after “uh-huh”, held 420 ms']);
  });

  it('keeps the words that did not interrupt it', () => {
    const talk = after(...speaking, ...uhHuh(12_800, 'uh huh'));
    expect(read(talk).slice(1)).toEqual(['robot: It is | went on after “uh-huh”, held 420 ms', 'you: uh huh | did not interrupt']);
    expect(talk.lines[1]?.open, 'the robot goes on').toBe(true);
  });

  it('sums up what came more than once, and says where the robot only lowered its voice', () => {
    const talk = after(...speaking, told(12_800, 'noise'), told(12_900, 'noise'), ...uhHuh(13_000, ''), told(13_500, 'held'), told(13_800, 'noise'), told(13_800, 'resumed'), told(13_900, 'echo'));
    expect(read(talk)[1]).toBe('robot: It is | went on after a noise, held 300 ms | spoke lower for a noise (2 times) | went on after “uh-huh”, held 420 ms | spoke lower for its own echo');
  });

  it('gives the length of several holds together', () => {
    expect(read(after(...speaking, ...uhHuh(12_800, ''), ...uhHuh(14_000, '')))[1]).toBe('robot: It is | went on after “uh-huh” (2 times), held 840 ms in all');
  });

  it('and that was interrupted in the end says both', () => {
    const talk = after(...speaking, ...uhHuh(12_800, ''), told(13_500, 'held'), told(13_900, 'speech'), { type: 'barge_in', atMs: 13_900, turn: 1, stopMs: 60, heardMs: 900 });
    expect(read(talk)[1]).toBe('robot: It is— | went on after “uh-huh”, held 420 ms | interrupted');
  });

  it('changes nothing for decisions it does not know, or about a reply that was not seen', () => {
    const before = after(...speaking);
    expect(read(after(...speaking, told(12_800, 'constructor'), told(12_900, '<b>later</b>'), told(13_000, 'noise', 7)))).toEqual(read(before));
  });
});
