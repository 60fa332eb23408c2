// @ts-check

import { describeLine } from './conversation-text.js';

/** @import { Line } from './conversation.js' */
/** @import { Shown } from './conversation-text.js' */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * One line of the conversation on the page. Text of others gets in by `textContent` and `data` alone.
 */
export class LineView {
  node = document.createElement('li');
  /** @type {Line | null} */
  #line = null;
  #time = part('span', 'time');
  #link = part('button', 'turn-link');
  #bubble = part('p', 'bubble');
  #words = document.createTextNode('');
  #sound = part('span', 'sound');
  #soundText = document.createTextNode('');
  #tail = part('span', 'tail');
  #code = part('code', 'fault-code');
  #remarks = part('span', 'remarks');

  /** @param {Line} line */
  constructor(line) {
    this.node.className = 'line';
    this.node.dataset.from = line.from;
    const head = part('p', 'line-head');
    const who = part('span', 'who');
    who.textContent = describeLine(line).who;
    this.#link.type = 'button';
    head.append(who, this.#time, this.#link);
    // Words may run from right to left, whatever the page does.
    const words = part('span', 'words');
    words.dir = 'auto';
    words.append(this.#words, this.#tail);
    this.#sound.append(wave(), this.#soundText);
    this.#bubble.append(words, this.#sound, this.#code, this.#remarks);
    this.node.append(head, this.#bubble);
  }

  /** @param {Line} line */
  show(line) {
    if (line === this.#line) return;
    this.#line = line;
    const shown = describeLine(line);
    const { dataset } = this.node;
    dataset.final = String(line.final);
    dataset.open = String(line.open);
    if (line.turn === null) delete dataset.turn;
    else dataset.turn = String(line.turn);
    write(this.#time, shown.time);
    if (this.#words.data !== shown.words) this.#words.data = shown.words;
    write(this.#tail, shown.tail);
    write(this.#code, shown.code);
    this.#sound.hidden = shown.sound === null;
    this.#soundText.data = shown.sound ?? '';
    this.#showLink(shown.link);
    this.#showRemarks(shown.remarks);
  }

  /** @param {Shown['link']} link */
  #showLink(link) {
    this.#link.hidden = link === null;
    if (link === null) return;
    this.#link.dataset.to = String(link.turn);
    write(this.#link, link.words);
    this.#link.setAttribute('aria-label', link.says);
  }

  /** @param {Shown['remarks']} remarks */
  #showRemarks(remarks) {
    this.#remarks.replaceChildren(
      ...remarks.flatMap(({ kind, words }, i) => {
        const remark = part('span', 'remark');
        remark.dataset.kind = kind;
        remark.textContent = words;
        // A blank between them, where the line may break; an aside has a line of its own.
        const alone = kind === 'aside' || remarks[i - 1]?.kind === 'aside';
        return alone ? [remark] : [document.createTextNode(' \u00a0'), remark];
      }),
    );
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 */
function part(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function write(element, text) {
  element.hidden = text === '';
  if (element.textContent !== text) element.textContent = text;
}

/** Four bars: sound instead of words. */
function wave() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 18 14');
  svg.setAttribute('class', 'wave');
  svg.setAttribute('aria-hidden', 'true');
  for (const [x, half] of /** @type {const} */ ([[2, 2], [5.5, 5], [9, 3], [12.5, 6], [16, 2.5]])) {
    const bar = document.createElementNS(SVG, 'path');
    bar.setAttribute('d', `M${x} ${7 - half}v${2 * half}`);
    svg.append(bar);
  }
  return svg;
}
