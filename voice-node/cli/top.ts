import { once } from 'node:events';
import type { Clock } from '../domain/clock.js';
import { VoiceNodeError } from '../domain/errors.js';
import { systemClock } from '../platform/clock.js';
import { parseArguments } from './arguments.js';
import type { NodeClient } from './operator-client.js';
import { findNode, NODE_OPTIONS } from './operator-node.js';
import { pause } from './operator-pause.js';
import { renderNode } from './operator-view.js';

export const TOP_USAGE = 'top [--once] [--url http://127.0.0.1:8000]';

const PERIOD_MS = 1000;
const PLAIN_WIDTH = 100;
/** The alternate screen, so that what was on the terminal is there again afterwards; no cursor in the meantime. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Of process.stdout, what is needed to draw on it. */
export type Screen = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/**
 * `voice-node top`: the node, its shards and its calls, once a second until the signal. On a terminal they are redrawn in
 * place; elsewhere one picture follows the other. `--once` prints one and ends. A node that does not answer any more is
 * waited for; one that never did is an error.
 */
export async function runTop(args: readonly string[], stdout: Screen): Promise<void> {
  const { values } = parseArguments('top', TOP_USAGE, args, { ...NODE_OPTIONS, once: { type: 'boolean', default: false } });
  const { client } = findNode('top', values.url);
  if (values.once) {
    stdout.write(`${renderNode(await client.view(), stdout.columns ?? PLAIN_WIDTH).join('\n')}\n`);
    return;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await watch(client, stdout, systemClock, stop.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Shows a picture a second until `signal` aborts. Throws what the first one failed with, and `auth_failed` at any time. */
export async function watch(client: Pick<NodeClient, 'view'>, screen: Screen, clock: Clock, signal: AbortSignal): Promise<void> {
  let view = await client.view();
  let trouble: readonly string[] = [];
  const tty = screen.isTTY === true;
  if (tty) screen.write(ENTER);
  try {
    while (!signal.aborted) {
      await draw([...trouble, ...renderNode(view, widthOf(screen))], screen, signal);
      await pause(clock, PERIOD_MS, signal);
      if (signal.aborted) return;
      try {
        view = await client.view();
        trouble = [];
      } catch (error) {
        if (!(error instanceof VoiceNodeError) || error.code === 'auth_failed') throw error;
        trouble = [error.message.slice(0, widthOf(screen)), 'Waiting for it. What it said last:', ''];
      }
    }
  } finally {
    if (tty) screen.write(LEAVE);
  }
}

async function draw(lines: readonly string[], screen: Screen, signal: AbortSignal): Promise<void> {
  const text = screen.isTTY === true ? `${HOME}${fitting(lines, screen.rows ?? 24).map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}` : `${lines.join('\n')}\n\n`;
  // A reader that is slower than this gets fewer pictures, not a queue of them.
  if (!screen.write(text)) await once(screen, 'drain', { signal }).catch(() => undefined);
}

/** As many lines as the terminal has; the last one says how many are missing. */
function fitting(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const shown = Math.max(1, rows - 1);
  return [...lines.slice(0, shown), `... and ${lines.length - shown} more: voice-node calls shows all`];
}

const widthOf = ({ columns }: Screen): number => columns ?? PLAIN_WIDTH;
