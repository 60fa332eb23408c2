import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, VoiceNodeError } from '../domain/errors.js';

/** What a running node leaves for the commands of the same user. */
export interface RunFile {
  /** Of the node's main process. */
  readonly pid: number;
  /** Opens its operator's part. */
  readonly token: string;
}

/** A token that nobody guesses: 32 random bytes as base64url. */
export const newAdminToken = (): string => randomBytes(32).toString('base64url');

const folderIn = (cacheFolder: string): string => join(cacheFolder, 'run');
const pathOf = (cacheFolder: string, port: number): string => join(folderIn(cacheFolder), `${port}.json`);

/**
 * Writes `<cacheFolder>/run/<port>.json`, readable by this user alone from its first moment on, in place of what an
 * earlier node left. Throws `config_invalid`.
 */
export function writeRunFile(cacheFolder: string, port: number, { pid, token }: RunFile): void {
  const path = pathOf(cacheFolder, port);
  const fresh = `${path}.${pid}`;
  try {
    mkdirSync(folderIn(cacheFolder), { recursive: true, mode: 0o700 });
    rmSync(fresh, { force: true });
    // `wx` makes a file of its own: none that somebody else has open already.
    writeFileSync(fresh, `${JSON.stringify({ pid, token })}\n`, { flag: 'wx', mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
  } catch (error) {
    throw new VoiceNodeError('config_invalid', `CACHE_DIR: expected a folder that the node can write to (or set ADMIN_TOKEN): ${messageOf(error)}`);
  }
}

/** Undefined where there is none that can be read. */
export function readRunFile(cacheFolder: string, port: number): RunFile | undefined {
  try {
    const { pid, token } = JSON.parse(readFileSync(pathOf(cacheFolder, port), 'utf8')) as Partial<RunFile>;
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && typeof token === 'string' && /^\S+$/.test(token) ? { pid, token } : undefined;
  } catch {
    return undefined;
  }
}

/** At the node's end. What a successor on the same port has written stays. Never throws. */
export function removeRunFile(cacheFolder: string, port: number, pid: number): void {
  if (readRunFile(cacheFolder, port)?.pid !== pid) return;
  try {
    rmSync(pathOf(cacheFolder, port), { force: true });
  } catch {
    // A folder that cannot be written any more must not keep the node from ending.
  }
}

/** Whether the process is there. One of another user counts as there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
