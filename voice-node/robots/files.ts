import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { messageOf, VoiceNodeError } from '../domain/errors.js';

/** What a robot's folder may hold, and how large each may be. */
export const FILE_LIMITS = {
  'config.json': 256 * 1024,
  'prompt.txt': 64 * 1024,
  '.env': 64 * 1024,
  'greeting.wav': 24 * 1024 * 1024,
  'fallback.wav': 24 * 1024 * 1024,
  'back.wav': 24 * 1024 * 1024,
  'goodbye.wav': 24 * 1024 * 1024,
} as const;

export type FileName = keyof typeof FILE_LIMITS;

const NAMES = Object.keys(FILE_LIMITS) as FileName[];
/** Files whose presence says that a folder is meant to be a robot, even where config.json is missing. */
const TELLING = new Set<string>(['config.json', 'prompt.txt', 'greeting.wav', 'fallback.wav', 'back.wav', 'goodbye.wav']);

export const MAX_TRACKS = 200;
export const MAX_TRACK_BYTES = FILE_LIMITS['greeting.wav'];

/** What lies in a robot's folder, without having read any of it. */
export interface Listing {
  /** Path of the folder. */
  readonly folder: string;
  /** A stamp for each file that is there, by its name: `config.json`, `tracks/hello.wav`. It changes with the file. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Bytes of each, by its name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Stamp of the whole: equal as long as nothing has changed. */
  readonly stamp: string;
  /** Whether this is meant to be a robot. */
  readonly meant: boolean;
}

/** Cheap: one stat for each file. Never throws. */
export function lookOver(folder: string): Listing {
  const stamps = new Map<string, string>();
  const sizes = new Map<string, number>();
  for (const name of [...NAMES, ...trackFiles(folder)]) {
    const { stamp, size } = stampOf(join(folder, name)) ?? { size: 0 };
    if (stamp === undefined) continue;
    stamps.set(name, stamp);
    sizes.set(name, size);
  }
  const meant = [...stamps.keys()].some((name) => TELLING.has(name) || name.startsWith('tracks/'));
  return { folder, stamps, sizes, stamp: [...stamps].map(([name, stamp]) => `${name} ${stamp}`).join('\n'), meant };
}

/** All that is called .wav in tracks/; one more than are allowed are enough to know. */
function trackFiles(folder: string): string[] {
  try {
    const names = readdirSync(join(folder, 'tracks')).filter((name) => /\.wav$/i.test(name) && !name.startsWith('.'));
    return names.sort().slice(0, MAX_TRACKS + 1).map((name) => `tracks/${name}`);
  } catch {
    return [];
  }
}

/** Undefined: not there. Follows links, and sees a change that keeps size and modification time (by ctime and inode). */
function stampOf(path: string): { readonly stamp: string; readonly size: number } | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return { stamp: [dev, ino, size, mtimeNs, ctimeNs].join(':'), size: Number(size) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { stamp: `unreadable: ${code ?? ''}`, size: 0 };
  }
}

/**
 * Reads `name` of `folder`. Throws `robot_invalid`, whose message is the fault, for what leads out of the folder,
 * is no plain file, or has more than `maxBytes`.
 */
export function readInside(folder: string, name: string, maxBytes: number): Buffer {
  let handle: number | undefined;
  try {
    const real = realpathSync(join(folder, name));
    if (!real.startsWith(realpathSync(folder) + sep)) throw new VoiceNodeError('robot_invalid', 'expected a file inside the folder of the robot, got a link that leads out of it');
    // Opening a pipe would otherwise wait for whoever writes to it.
    handle = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw new VoiceNodeError('robot_invalid', 'expected a plain file, got something else');
    if (stats.size > maxBytes) throw new VoiceNodeError('robot_invalid', `expected at most ${maxBytes} bytes, got ${stats.size}`);
    // Where it grows or shrinks meanwhile, the next look sees that it has changed, and reads it again.
    const bytes = Buffer.alloc(stats.size);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got) got = readSync(handle, bytes, length, bytes.length - length, null);
    return bytes.subarray(0, length);
  } catch (error) {
    throw error instanceof VoiceNodeError ? error : new VoiceNodeError('robot_invalid', `expected a readable file: ${messageOf(error).split(',', 1)[0] ?? ''}`);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Text in UTF-8, without its byte order mark. Throws `robot_invalid`. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new VoiceNodeError('robot_invalid', 'expected UTF-8, got other bytes');
  }
}
