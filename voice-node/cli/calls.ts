import { parseArguments } from './arguments.js';
import { columns, type Column } from './operator-columns.js';
import { findNode, NODE_OPTIONS } from './operator-node.js';
import { duration } from './operator-view.js';
import type { LiveCallView } from '../domain/operations.js';

export const CALLS_USAGE = 'calls [--json] [--url http://127.0.0.1:8000]';

const COLUMNS: readonly Column<LiveCallView>[] = [
  { title: 'call', of: ({ callId }) => callId },
  { title: 'robot', of: ({ robot }) => robot, max: 20 },
  { title: 'phase', of: ({ phase }) => phase },
  { title: 'age', of: ({ ageMs }) => duration(ageMs), right: true },
  { title: 'shard', of: ({ shard }) => shard },
  { title: 'room', of: ({ room }) => room },
];

/** `voice-node calls`: the calls in progress with their whole ids and rooms, the oldest first; as JSON all there is about them. */
export async function runCalls(args: readonly string[], stdout: NodeJS.WritableStream): Promise<void> {
  const { values } = parseArguments('calls', CALLS_USAGE, args, { ...NODE_OPTIONS, json: { type: 'boolean', default: false } });
  const calls = [...(await findNode('calls', values.url).client.calls())].sort((a, b) => b.ageMs - a.ageMs);
  if (values.json) stdout.write(`${JSON.stringify({ calls }, null, 2)}\n`);
  else stdout.write(calls.length === 0 ? 'no calls\n' : `${columns(COLUMNS, calls).join('\n')}\n`);
}
