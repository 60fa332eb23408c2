import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { endedHow, startChild } from './child.mjs';
import { inRoot, ScriptError } from './checkout.mjs';

const STOP_DEADLINE_MS = 10_000;
const KEPT_LINES = 20;
const SHOWN_LEVELS = ['warn', 'error', 'fatal'];

/** One line of the node's log as the terminal shows it; undefined where it is too quiet to show. */
export function forTerminal(line, all) {
  if (all) return line;
  try {
    const { level, msg, time: _time, ...fields } = JSON.parse(line);
    if (!SHOWN_LEVELS.includes(level)) return undefined;
    return `${level}: ${msg ?? ''} ${Object.keys(fields).length > 0 ? JSON.stringify(fields) : ''}`.trimEnd();
  } catch {
    return line; // not from the log: a sentence for people
  }
}

/**
 * Starts the node. Its log goes to `logFile`; warnings, errors and plain sentences are shown too (`all`: everything).
 * @param {{ env: NodeJS.ProcessEnv, logFile: string, all: boolean, show: (line: string) => void }} options
 */
export async function startNode({ env, logFile, all, show }) {
  const child = await startChild({
    name: 'voice-node',
    command: process.execPath,
    args: [inRoot('scripts', 'voice-node.mjs'), 'start'],
    env,
    cwd: inRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  log.on('error', () => {}); // a full disk must not end the calls
  const last = [];
  for (const stream of [child.process.stdout, child.process.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
      const shown = forTerminal(line, all);
      if (shown !== undefined) show(shown);
    });
  }
  return { child, stop: () => child.stop(STOP_DEADLINE_MS), lastLines: () => last.join('\n') };
}

/** Waits until `${base}/readyz` says yes; a ScriptError with what it said last where the deadline passes first. */
export async function waitUntilReady(base, node, deadlineMs) {
  const untilMs = performance.now() + deadlineMs;
  let said = 'no answer';
  while (performance.now() < untilMs) {
    if (!node.child.isRunning()) throw new ScriptError(`the node ended while it started (${endedHow(await node.child.ended)})`);
    try {
      const response = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(2_000) });
      said = `${response.status} ${(await response.text()).slice(0, 500)}`;
      if (response.ok) return;
    } catch (error) {
      said = error.cause?.code ?? error.message;
    }
    await sleep(100);
  }
  throw new ScriptError(`the node was not ready within ${deadlineMs / 1000} s; ${base}/readyz: ${said}\n${node.lastLines()}`);
}
