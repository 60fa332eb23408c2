// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCallerEvent } from '../../../static/caller-events.js';
import { EMPTY_CALL, reduce } from '../../../static/call-model.js';
import { converse, EMPTY_CONVERSATION, withWords } from '../../../static/conversation.js';
import { describeLine, newlySaid } from '../../../static/conversation-text.js';
import { LineView } from '../../../static/line-view.js';
import { nodeProblem } from '../../../static/problems.js';
import { aboutRobot, readRobots } from '../../../static/robots.js';
import { cleanName, cleanText, MAX_WORDS_CHARS } from '../../../static/text.js';
import { HOSTILE } from './hostile-payloads.ts';

/** @import { CallerEvent } from '../../../voice-node/domain/events.js' */

/** What must never reach a screen: it hides or turns round what stands beside it. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

/** The event as it comes over the wire. @param {unknown} event */
const sent = (event) => parseCallerEvent(new TextEncoder().encode(JSON.stringify(event)));

/** Everything the conversation makes of one text. @param {string} text */
function shownLines(text) {
  const events = [
    { type: 'speech_started', atMs: 10, turn: 1, onsetMs: 5 },
    { type: 'transcript', atMs: 20, turn: 1, text, final: true },
    { type: 'reply_started', atMs: 30, turn: 1 },
    { type: 'reply_text', atMs: 40, reply: 1, turn: 1, text, final: true },
    { type: 'interruption', atMs: 45, turn: 1, decision: text, afterMs: 5 },
    { type: 'interruption', atMs: 46, turn: 1, decision: 'noise', afterMs: 6 },
    { type: 'reply_ended', atMs: 50, turn: 1, heardMs: 20, cut: true },
    { type: 'turn', atMs: 60, turn: 1, end: 'failed', error: text, marksMs: {}, stagesMs: {}, utteranceMs: 1, heardMs: 1 },
  ].map(sent);
  const talk = /** @type {CallerEvent[]} */ (events.filter((event) => event !== null)).reduce(converse, EMPTY_CONVERSATION);
  return { talk, lines: talk.lines };
}

it('has 300 payloads, all different', () => {
  expect(HOSTILE.length).toBeGreaterThanOrEqual(300);
  expect(new Set(HOSTILE).size).toBe(HOSTILE.length);
});

describe('cleanText', () => {
  it('leaves every character that can be seen, markup above all', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'<>&"\'`=/\\{}$()[];:!-# aé語👋я'), maxLength: 200 }), (text) => {
      expect(cleanText(text)).toBe(text.trim());
    }));
  });

  it('is bounded, well-formed and has nothing more to do the second time', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 1, max: 100 }), (text, maxChars) => {
      const clean = cleanText(text, maxChars);
      expect(clean.length).toBeLessThanOrEqual(maxChars + 1);
      expect(clean.isWellFormed()).toBe(true);
      expect(clean).not.toMatch(UNSEEN);
      expect(cleanText(clean, maxChars + 1)).toBe(clean);
    }));
  });
});

describe('words of caller and robot', () => {
  it.each(HOSTILE.map((text, i) => [i, text]))('payload %i stays the characters it is made of, bounded, with nothing unseen', (_, given) => {
    const text = /** @type {string} */ (given);
    const { talk, lines } = shownLines(text);
    const said = lines.filter((line) => line.from !== 'fault');
    expect(said).toHaveLength(2);
    for (const line of said) {
      expect(line.text).toBe(cleanText(text));
      expect(line.text.length).toBeLessThanOrEqual(MAX_WORDS_CHARS + 1);
      expect(line.text).not.toMatch(UNSEEN);
      expect(line.text.isWellFormed()).toBe(true);
    }
    for (const spoken of newlySaid(EMPTY_CONVERSATION, talk)) expect(spoken.length).toBeLessThan(MAX_WORDS_CHARS + 100);
    expect(describeLine(/** @type {typeof lines[number]} */ (lines.at(-1))).words).toBe('This turn failed. The robot could not answer.');
  });
});

it.each(HOSTILE.map((text, i) => [i, text]))('payload %i as name, detail or code is short and on one line', (_, given) => {
  const text = /** @type {string} */ (given);
  const { call } = reduce(EMPTY_CALL, { type: 'call', atMs: 0, callId: text, robot: text, rateHz: 8000, detector: text });
  const { choices } = readRobots({ robots: [text], default: text, details: [{ name: text, mode: text, description: text, ready: false, missing: [text] }] });
  const words = [call?.robot ?? '', call?.detector ?? '', ...choices.map((choice) => choice.label), ...choices.map(aboutRobot), cleanName(text)];
  for (const shown of words) {
    expect(shown.length).toBeLessThan(600);
    expect(shown).not.toMatch(/[\r\n\t]/);
    expect(shown).not.toMatch(UNSEEN);
  }
  // What goes back to the node is the name as it came.
  expect(choices.map((choice) => choice.name)).toEqual(text === '' ? [] : [text]);
  expect(nodeProblem({ code: text, message: text }).what.length).toBeLessThan(500);
  const [segment] = withWords(EMPTY_CONVERSATION, { id: text, from: 'robot', text, final: true }).lines;
  expect(segment?.text).toBe(cleanText(text));
});

describe('the view', () => {
  /** Names of every element that was made; anything that would read markup throws. */
  /** @type {string[]} */
  let made = [];
  class FakeNode {
    /** @type {unknown[]} */
    children = [];
    /** @type {Record<string, string>} */
    dataset = {};
    textContent = '';
    data = '';
    /** @param {string} name */
    constructor(name) {
      made.push(name);
    }
    append(/** @type {unknown[]} */ ...nodes) {
      this.children.push(...nodes);
    }
    replaceChildren(/** @type {unknown[]} */ ...nodes) {
      this.children = nodes;
    }
    /** @param {string} name @param {string} value */
    setAttribute(name, value) {
      if (/^(on|href|src|style)/i.test(name)) throw new Error(`attribute ${name}=${value}`);
    }
    set innerHTML(/** @type {string} */ _) {
      throw new Error('innerHTML');
    }
    set outerHTML(/** @type {string} */ _) {
      throw new Error('outerHTML');
    }
    insertAdjacentHTML() {
      throw new Error('insertAdjacentHTML');
    }
  }
  const page = globalThis.document;
  beforeEach(() => {
    made = [];
    const make = (/** @type {string} */ name) => new FakeNode(name);
    const fake = { createElement: make, createElementNS: (/** @type {string} */ _, /** @type {string} */ name) => make(name), createTextNode: (/** @type {string} */ data) => Object.assign(make('#text'), { data }) };
    Object.assign(globalThis, { document: fake });
  });
  afterEach(() => void Object.assign(globalThis, { document: page }));

  it('makes the same elements of every payload as of plain words', () => {
    const elements = (/** @type {string} */ text) => {
      made = [];
      for (const line of shownLines(text).lines) new LineView(line).show(line);
      return made.join();
    };
    const plain = elements('plain words');
    for (const text of HOSTILE) expect(elements(text)).toBe(cleanText(text) === '' ? elements('') : plain);
  });
});

it('no file of the page has a way from text to markup or code', () => {
  const folder = new URL('../../../static/', import.meta.url);
  const files = readdirSync(folder).filter((name) => /\.(js|html)$/.test(name));
  expect(files.length).toBeGreaterThan(20);
  const sinks = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|srcdoc|\beval\b|new Function|\bon[a-z]+=|javascript:|setTimeout\(['"`]/;
  for (const name of files) expect(readFileSync(new URL(name, folder), 'utf8').match(sinks)?.[0], name).toBeUndefined();
});
