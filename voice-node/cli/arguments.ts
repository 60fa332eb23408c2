import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf, VoiceNodeError } from '../domain/errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** `parseArgs` with errors of ours. Throws `argument_invalid`, which names the command and its usage. */
export function parseArguments<T extends Options>(command: string, usage: string, args: readonly string[], options: T, allowPositionals = false) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals });
  } catch (error) {
    throw new VoiceNodeError('argument_invalid', `${command}: ${messageOf(error).split('. ', 1)[0] ?? ''}; usage: voice-node ${usage}`);
  }
}
