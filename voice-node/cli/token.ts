import { RoomConfiguration } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { loadConfig, requireKeys } from '../config.js';
import { VoiceNodeError } from '../domain/errors.js';
import { metadataByCaller } from '../domain/room-metadata.js';
import { parseArguments } from './arguments.js';

export const TOKEN_USAGE = 'token --identity my-user [--room demo] [--robot echo] [--minutes 60]';

const MAX_NAME = 128;
const MAX_MINUTES = 24 * 60;

/** Prints a token for a room, and nothing else. The robot comes by itself, as it does to every new room. */
export async function runToken(args: readonly string[], stdout: NodeJS.WritableStream): Promise<void> {
  const { values } = parseArguments('token', TOKEN_USAGE, args, {
    identity: { type: 'string' },
    room: { type: 'string', default: 'demo' },
    robot: { type: 'string' },
    minutes: { type: 'string', default: '60' },
  });
  const identity = name('--identity', values.identity);
  const room = name('--room', values.room);
  const minutes = Number(values.minutes);
  if (!(Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_MINUTES)) {
    throw new VoiceNodeError('argument_invalid', `token: --minutes: expected a whole number from 1 to ${MAX_MINUTES}, got ${JSON.stringify(values.minutes)}`);
  }
  const { apiKey, apiSecret } = requireKeys(loadConfig());
  const token = new AccessToken(apiKey, apiSecret, { identity, ttl: minutes * 60 });
  token.addGrant({ room, roomJoin: true, canPublish: true, canSubscribe: true });
  if (values.robot !== undefined) token.roomConfig = new RoomConfiguration({ metadata: metadataByCaller(name('--robot', values.robot)) });
  stdout.write(`${await token.toJwt()}\n`);
}

function name(option: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '' || value.length > MAX_NAME) {
    throw new VoiceNodeError('argument_invalid', `token: ${option}: expected 1 to ${MAX_NAME} characters, got ${value === undefined ? 'nothing' : JSON.stringify(value.slice(0, 40))}; usage: voice-node ${TOKEN_USAGE}`);
  }
  return value;
}
