// @ts-check

import { levelText, meterFraction } from './level.js';
import { statusOf } from './status.js';

/** @import { Problem } from './problems.js' */
/** @import { CallModel } from './call-model.js' */
/** @import { PageState } from './status.js' */
/** @import { Ballistics } from './level.js' */

/**
 * An element of client.html.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`client.html: expected a ${kind.name} with id "${id}", got ${found?.nodeName ?? 'nothing'}`);
  return found;
}

const stateBox = byId('agent-state', HTMLElement);
const stateWords = byId('state-words', HTMLElement);
const facts = byId('facts', HTMLElement);
const connectCard = byId('connect', HTMLElement);
const controls = byId('call-controls', HTMLElement);
const muteButton = byId('mute', HTMLButtonElement);
const playButton = byId('play', HTMLButtonElement);
const startButtons = [byId('connect-session', HTMLButtonElement), byId('connect-token', HTMLButtonElement)];
const problemList = byId('error', HTMLElement);
const level = byId('level', HTMLElement);
const levelBar = byId('level-bar', HTMLElement);
const levelPeak = byId('level-peak', HTMLElement);
const levelWords = byId('level-text', HTMLElement);

/**
 * Shows the state: words, colour, and which controls are at hand.
 * @param {PageState} state
 * @param {boolean} robotLost
 */
export function showState(state, robotLost) {
  const { key, words: said } = statusOf(state, robotLost);
  stateBox.dataset.state = key;
  // A live region speaks on every write, so only real changes are written.
  if (stateWords.textContent !== said) stateWords.textContent = said;
  const calling = state.phase === 'connected' || state.phase === 'reconnecting';
  const starting = state.phase === 'microphone' || state.phase === 'session' || state.phase === 'connecting';
  const hadFocus = document.activeElement;
  controls.hidden = !calling && !starting;
  connectCard.hidden = calling;
  // Not `disabled`: that would take the keyboard's focus away while the call is set up.
  for (const button of startButtons) button.setAttribute('aria-disabled', String(starting));
  muteButton.hidden = !calling;
  muteButton.setAttribute('aria-pressed', String(state.muted));
  muteButton.textContent = state.muted ? 'Muted' : 'Mute';
  playButton.hidden = !(calling && state.soundBlocked);
  facts.hidden = !calling && state.phase !== 'ended';
  byId('fact-robot', HTMLElement).textContent = state.robot ?? '–';
  byId('fact-room', HTMLElement).textContent = state.room ?? '–';
  // Where the focused button went away, the keyboard must not fall back to the top of the page.
  if (calling && hadFocus instanceof Element && connectCard.contains(hadFocus)) muteButton.focus();
  if (!calling && !starting && hadFocus instanceof Element && controls.contains(hadFocus)) startButtons[0]?.focus();
}

/** @param {CallModel['call']} call */
export function showCallFacts(call) {
  if (call) byId('fact-robot', HTMLElement).textContent = call.robot;
  byId('fact-rate', HTMLElement).textContent = call ? `${call.rateHz / 1000} kHz` : '–';
  byId('fact-detector', HTMLElement).textContent = call?.detector ?? '–';
  byId('fact-denoise', HTMLElement).hidden = call?.denoise !== true;
}

/** @param {string} text */
export function showTime(text) {
  const time = byId('fact-time', HTMLElement);
  if (time.textContent !== text) time.textContent = text;
}

/**
 * Shows a problem; one of the same code is replaced where its words changed.
 * @param {Problem} found
 */
export function showProblem(found) {
  const box = document.createElement('div');
  box.className = 'problem';
  box.dataset.code = found.code;
  box.dataset.severity = found.severity;
  for (const [name, text] of /** @type {const} */ ([['title', found.title], ['what', found.what], ['todo', found.todo]])) {
    const line = document.createElement('p');
    line.className = `problem-${name}`;
    line.textContent = text;
    box.append(line);
  }
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'problem-close';
  close.textContent = '✕';
  close.setAttribute('aria-label', `Dismiss: ${found.title}`);
  close.addEventListener('click', () => box.remove());
  box.append(close);
  const old = problemOf(found.code);
  if (old?.textContent === box.textContent) return;
  if (old) old.replaceWith(box);
  else problemList.append(box);
  // On a phone the list may be scrolled away just when a call breaks off.
  if (found.severity === 'error') box.scrollIntoView({ block: 'nearest' });
}

/** @param {string} code */
export function clearProblem(code) {
  problemOf(code)?.remove();
}

export function clearProblems() {
  problemList.replaceChildren();
}

/** @param {string} code */
function problemOf(code) {
  return [...problemList.children].find((child) => child instanceof HTMLElement && child.dataset.code === code);
}

/**
 * The microphone's meter. Only clip and transform change per picture, which need no layout.
 * @param {Ballistics | null} meter null: no microphone
 */
export function showLevel(meter) {
  const fraction = meter ? meterFraction(meter.levelDbfs) : 0;
  const peak = meter ? meterFraction(meter.peakDbfs) : 0;
  levelBar.style.clipPath = `inset(0 ${((1 - fraction) * 100).toFixed(2)}% 0 0)`;
  levelPeak.style.transform = `translateX(${(peak * 100).toFixed(2)}%)`;
  levelPeak.style.opacity = peak > 0 ? '1' : '0';
}

/**
 * The meter's number, written a few times a second: faster, nobody could read it.
 * @param {Ballistics | null} meter
 * @param {boolean} muted
 */
export function showLevelText(meter, muted) {
  const text = meter === null ? 'off' : muted ? 'muted' : levelText(meter.peakDbfs);
  if (levelWords.textContent === text) return;
  levelWords.textContent = text;
  level.setAttribute('aria-valuetext', text);
  level.setAttribute('aria-valuenow', String(meter === null || muted ? -60 : Math.round(Math.max(-60, Math.min(0, meter.peakDbfs)))));
}
