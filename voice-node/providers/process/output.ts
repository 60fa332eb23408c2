import type { Vendor } from '../../domain/provider.js';
import { ProviderError } from '../../domain/provider.js';
import { Lines } from './lines.js';
import { RunningProgram, type Program } from './program.js';

const MAX_LINES = 1000;
const MAX_LINE_BYTES = 65_536;

/** What a short program writes, line by line. Throws unless it succeeds; undefined: aborted. */
export async function lines(vendor: Vendor, program: Program, signal: AbortSignal): Promise<readonly string[] | undefined> {
  const running = new RunningProgram(vendor, program);
  const onAbort = (): void => running.kill();
  signal.addEventListener('abort', onAbort);
  const found: string[] = [];
  let isTooLong = false;
  const tooLong = (): void => {
    isTooLong = true;
    running.kill();
  };
  try {
    running.child.stdin.end();
    const reader = new Lines(MAX_LINE_BYTES, (line) => (found.length < MAX_LINES ? void found.push(line) : tooLong()), tooLong);
    running.child.stdout.on('data', (bytes: Buffer) => reader.push(bytes));
    if (!signal.aborted) await running.ended;
    if (signal.aborted) return undefined;
    if (isTooLong) throw new ProviderError('provider_protocol', `${vendor}: expected a short answer of ${program.command}, got a long one`);
    if (!running.succeeded) throw running.error('provider_unreachable', 'an answer');
    reader.push(Buffer.from('\n'));
    return found;
  } finally {
    signal.removeEventListener('abort', onAbort);
    running.kill();
  }
}
