import { fileURLToPath } from 'node:url';
import type { Clock } from '../domain/clock.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { Journal } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { FileJournal } from './journal-file.js';
import { JournalShelf, MemoryJournal } from './journal-memory.js';
import { RedisJournal } from './journal-redis.js';

const EXPECTED = 'JOURNAL: expected none, file:/a/folder, redis://host:6379 or rediss://user:password@host:6379';
const DEFAULT_PREFIX = 'voice-node';

/**
 * The journal that `url` names. Returns at once and does not connect or write yet; what is wrong with the store
 * itself is told by its methods.
 *
 * - `none`: in memory, gone with the process
 * - `file:/a/folder`: a folder of this machine, or one that several share
 * - `redis://` or `rediss://` (TLS) `user:password@host:port/database`; `?prefix=` where several clusters share a Redis
 *
 * Throws `config_invalid`, never with the password.
 */
export function openJournal(url: string, nodeId: string, clock: Clock, log: Log): Journal {
  if (url === 'none') return new MemoryJournal(new JournalShelf(), nodeId, clock);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'file:') return new FileJournal(folderOf(url, parsed), nodeId, clock, log);
  if (parsed?.protocol === 'redis:' || parsed?.protocol === 'rediss:') return new RedisJournal({ ...redisOptions(parsed), nodeId, clock, log });
  throw new VoiceNodeError('config_invalid', `${EXPECTED}; got ${parsed === undefined ? 'something else' : `an address that begins with ${parsed.protocol}`}`);
}

function folderOf(url: string, parsed: URL): string {
  // `file:folder` would quietly become a folder at the top of the disk.
  if (!/^file:(\/\/)?\//.test(url) || parsed.host !== '' || parsed.search !== '' || parsed.hash !== '' || parsed.pathname === '/') {
    throw new VoiceNodeError('config_invalid', `JOURNAL: expected file: and the whole path of a folder, such as file:/var/lib/voice-node/journal; got '${url}'`);
  }
  try {
    return fileURLToPath(parsed);
  } catch {
    throw new VoiceNodeError('config_invalid', `JOURNAL: expected the path of a folder, got '${url}'`);
  }
}

function redisOptions(parsed: URL): { readonly url: string; readonly prefix: string } {
  const fault = (what: string): never => {
    throw new VoiceNodeError('config_invalid', `JOURNAL: ${what}`);
  };
  if (parsed.hostname === '') fault('expected the host of Redis, got none');
  if (!/^\/?\d{0,4}$/.test(parsed.pathname)) fault(`expected the number of a database after the host, got '${parsed.pathname.slice(1)}'`);
  for (const part of ['username', 'password'] as const) {
    try {
      decodeURIComponent(parsed[part]);
    } catch {
      fault(`expected a ${part} whose special characters are percent-encoded`);
    }
  }
  const { prefix = DEFAULT_PREFIX, ...others } = Object.fromEntries(parsed.searchParams);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) fault(`expected no parameter but prefix after the address of Redis, got '${unknown}'`);
  if (!/^[\w.-]{1,64}$/.test(prefix)) fault(`expected a prefix of letters, digits, dots, - and _, got '${prefix}'`);
  const bare = new URL(parsed);
  bare.search = '';
  bare.hash = '';
  return { url: bare.href, prefix };
}
