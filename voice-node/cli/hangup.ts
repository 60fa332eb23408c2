import { VoiceNodeError } from '../domain/errors.js';
import type { LiveCallView } from '../domain/operations.js';
import { parseArguments } from './arguments.js';
import { plain } from './operator-columns.js';
import { findNode, NODE_OPTIONS } from './operator-node.js';

export const HANGUP_USAGE = 'hangup ID [--url http://127.0.0.1:8000]';

/** `voice-node hangup ID`: ends one call. A beginning of the id that no other call shares is enough. Throws `argument_invalid`. */
export async function runHangup(args: readonly string[], stdout: NodeJS.WritableStream): Promise<void> {
  const { values, positionals } = parseArguments('hangup', HANGUP_USAGE, args, NODE_OPTIONS, true);
  const [id] = positionals;
  if (id === undefined || id === '' || positionals.length > 1) throw new VoiceNodeError('argument_invalid', `hangup: expected the id of one call, got ${id === '' ? 'an empty one' : positionals.length}; usage: voice-node ${HANGUP_USAGE}`);
  const { client } = findNode('hangup', values.url);
  const { callId, room } = theCall(id, await client.calls());
  if (!(await client.hangUp(callId))) throw new VoiceNodeError('argument_invalid', `hangup: ${callId} has ended by itself in the meantime`);
  stdout.write(`hung up ${callId} in ${plain(room)}\n`);
}

/** The call that `id` means: the one of exactly this id, else the only one whose id begins so. */
export function theCall(id: string, calls: readonly LiveCallView[]): LiveCallView {
  const matches = calls.filter(({ callId }) => callId.startsWith(id));
  const found = matches.find(({ callId }) => callId === id) ?? matches[0];
  if (found === undefined) {
    throw new VoiceNodeError('argument_invalid', `hangup: no call has an id that begins with ${JSON.stringify(id.slice(0, 80))}; voice-node calls shows those in progress (${calls.length})`);
  }
  if (matches.length > 1 && found.callId !== id) {
    const some = matches.slice(0, 5).map(({ callId }) => callId);
    throw new VoiceNodeError('argument_invalid', `hangup: ${matches.length} calls begin with ${JSON.stringify(id.slice(0, 80))}: ${some.join(', ')}${matches.length > some.length ? ', ...' : ''}; expected more of the id`);
  }
  return found;
}
