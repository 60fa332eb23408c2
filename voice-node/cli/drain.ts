import type { Clock } from '../domain/clock.js';
import { VoiceNodeError } from '../domain/errors.js';
import { systemClock } from '../platform/clock.js';
import { parseArguments } from './arguments.js';
import { NodeGoneError, type NodeClient } from './operator-client.js';
import { findNode, NODE_OPTIONS } from './operator-node.js';
import { pause } from './operator-pause.js';
import { isAlive } from './run-file.js';

export const DRAIN_USAGE = 'drain [--wait] [--url http://127.0.0.1:8000]';

const PERIOD_MS = 500;
/** A node that has closed its port takes a moment to end. */
const EXIT_LIMIT_MS = 30_000;
/** So long it may be too busy to answer, or its machine out of reach. */
const SILENCE_LIMIT_MS = 60_000;

/** `voice-node drain`: no new calls; the node ends once those in progress are over, or at its deadline. `--wait` waits for that. */
export async function runDrain(args: readonly string[], stdout: NodeJS.WritableStream): Promise<void> {
  const { values } = parseArguments('drain', DRAIN_USAGE, args, { ...NODE_OPTIONS, wait: { type: 'boolean', default: false } });
  const { client, pid } = findNode('drain', values.url);
  await client.drain();
  stdout.write('draining: no new calls are taken\n');
  if (values.wait) await awaitEnd({ client, clock: systemClock, isAlive: () => pid !== undefined && isAlive(pid), print: (line) => stdout.write(`${line}\n`) });
}

export interface Awaited {
  readonly client: Pick<NodeClient, 'view' | 'origin'>;
  readonly clock: Clock;
  /** Whether the node's process is known to be there. */
  isAlive(): boolean;
  print(line: string): void;
}

/**
 * Tells how many calls are left whenever that changes, until the node has ended. Throws what kept it from answering for a
 * minute, and `transport_timeout` where its process stays.
 */
export async function awaitEnd({ client, clock, isAlive: there, print }: Awaited): Promise<void> {
  let live = -1;
  let answeredMs = clock.nowMs();
  for (;;) {
    try {
      const view = await client.view();
      answeredMs = clock.nowMs();
      if (!view.draining) return print('the node has ended; another one has started in its place');
      if (view.live !== live) print(`${view.live} call${view.live === 1 ? '' : 's'} left`);
      live = view.live;
    } catch (error) {
      if (error instanceof NodeGoneError) break;
      // It may be too busy for a moment, or about to close the port. A token it does not know is another node's.
      if (!(error instanceof VoiceNodeError) || error.code === 'auth_failed' || clock.nowMs() - answeredMs > SILENCE_LIMIT_MS) throw error;
    }
    await pause(clock, PERIOD_MS);
  }
  const byMs = clock.nowMs() + EXIT_LIMIT_MS;
  while (there()) {
    if (clock.nowMs() > byMs) throw new VoiceNodeError('transport_timeout', `the node at ${client.origin} has closed its port, but its process is still there after ${EXIT_LIMIT_MS / 1000} s`);
    await pause(clock, PERIOD_MS);
  }
  print('the node has ended');
}
