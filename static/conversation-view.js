// @ts-check

import { callEnded, converse, EMPTY_CONVERSATION, withWords } from './conversation.js';
import { newlySaid } from './conversation-text.js';
import { LineView } from './line-view.js';
import { byId } from './view.js';

/** @import { CallerEvent } from '../voice-node/domain/events.js' */
/** @import { Conversation } from './conversation.js' */
/** @import { Segment } from './transcript.js' */

/** Nearer to the end than this, the list follows what is said. */
const AT_END_PX = 40;

/** What has come to stand is read out after a moment: how a sentence ended may follow a packet later. */
const READ_OUT_MS = 300;
const READ_OUT_LINES = 6;

/**
 * The dialogue of the call as a list of lines. Lines that did not change are left alone; the list follows the
 * newest unless the person has scrolled up.
 */
export class ConversationView {
  /** @type {Conversation} */
  #talk = EMPTY_CONVERSATION;
  /** What has been read out. */
  #read = EMPTY_CONVERSATION;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #readTimer;
  /** @type {Map<number, LineView>} */
  #views = new Map();
  #follows = true;
  #list = byId('lines', HTMLOListElement);
  #empty = byId('talk-empty', HTMLElement);
  #gone = byId('talk-gone', HTMLElement);
  #awaited = byId('awaited', HTMLElement);
  #newest = byId('newest', HTMLButtonElement);
  #log = byId('said', HTMLElement);
  #scroller = byId('talk-scroller', HTMLElement);
  #frame = 0;

  /** Called when the lines on the page have changed. */
  onrender = () => {};

  constructor() {
    this.#scroller.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    this.#newest.addEventListener('click', () => {
      this.#follow();
      // The button goes away with this; the keyboard stays with what it was about.
      this.#scroller.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#follows && this.#follow()).observe(this.#scroller);
  }

  /** For tests and tools. */
  get lines() {
    return this.#talk.lines;
  }

  /** A new call begins. */
  start() {
    this.#follows = true;
    clearTimeout(this.#readTimer);
    this.#log.replaceChildren();
    this.#read = EMPTY_CONVERSATION;
    this.#show(EMPTY_CONVERSATION);
  }

  /** @param {CallerEvent} event */
  take(event) {
    this.#show(converse(this.#talk, event));
  }

  /** @param {Segment} segment */
  hear(segment) {
    this.#show(withWords(this.#talk, segment));
  }

  /** The call is over. */
  end() {
    this.#show(callEnded(this.#talk));
  }

  /** @param {Conversation} talk */
  #show(talk) {
    if (talk === this.#talk) return;
    this.#talk = talk;
    // Once a picture, however many events there were: following the newest line costs a layout.
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#render());
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => this.#readOut(), READ_OUT_MS);
  }

  #render() {
    this.#frame = 0;
    const { lines, gone, awaited } = this.#talk;
    const keys = new Set(lines.map((line) => line.key));
    for (const [key, view] of this.#views) {
      if (keys.has(key)) continue;
      view.node.remove();
      this.#views.delete(key);
    }
    lines.forEach((line, i) => {
      const view = this.#views.get(line.key) ?? new LineView(line);
      this.#views.set(line.key, view);
      view.show(line);
      if (this.#list.children[i] !== view.node) this.#list.insertBefore(view.node, this.#list.children[i] ?? null);
    });
    this.#empty.hidden = lines.length > 0;
    this.#gone.hidden = gone === 0;
    if (gone > 0) this.#gone.textContent = `${gone} earlier ${gone === 1 ? 'line is' : 'lines are'} not kept`;
    this.#awaited.hidden = awaited === null;
    if (this.#follows) this.#follow();
    else this.#newest.hidden = false;
    this.onrender();
  }

  #readOut() {
    for (const words of newlySaid(this.#read, this.#talk)) {
      const line = document.createElement('p');
      line.textContent = words;
      this.#log.append(line);
    }
    this.#read = this.#talk;
    while (this.#log.childElementCount > READ_OUT_LINES) this.#log.firstElementChild?.remove();
  }

  #follow() {
    this.#follows = true;
    this.#newest.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#follows = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    if (this.#follows) this.#newest.hidden = true;
  }
}
