import { parseEnv } from 'node:util';
import type { Fault } from './faults.js';

/** What one process has once, whoever answers: a robot cannot have its own. */
const OF_THE_NODE = new Set([
  'HOST',
  'PORT',
  'LOG_LEVEL',
  'ROBOT',
  'ROBOTS_DIR',
  'SHARDS',
  'ROOMS_PER_SHARD',
  'MAX_CALLS',
  'ADMISSION',
  'SHARD_RECYCLE_MB',
  'JOURNAL',
  'NODE_NAME',
  'ADMIN_TOKEN',
  'DRAIN_TIMEOUT_MS',
  'TOOL_URLS',
  'CACHE_DIR',
  'PHRASE_CACHE_MB',
]);

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const MAX_VARIABLES = 100;

export const belongsToNode = (name: string): boolean => name.startsWith('LIVEKIT_') || OF_THE_NODE.has(name);

/** Says what is wrong with the values of a robot's .env, one sentence each, without repeating secrets. */
export type CheckEnv = (env: Readonly<Record<string, string>>) => readonly string[];

/** The variables of a robot's .env, and what is wrong with them. Values are never shown: most are keys. */
export function readEnv(text: string, file: string, check: CheckEnv): { readonly env: Readonly<Record<string, string>>; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const fault = (path: string, message: string): void => void faults.push({ file, path, message });
  const entries = Object.entries(parseEnv(text)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  for (const [name] of entries) if (belongsToNode(name)) fault(name, 'belongs to the node; expected it in the environment or in the root .env');
  if (entries.length > MAX_VARIABLES) fault('', `expected at most ${MAX_VARIABLES} variables, got ${entries.length}`);
  const wrong = wrongLines(text, entries);
  if (wrong.length > 0) fault(wrong[0] === 0 ? '' : `line ${wrong.join(', ')}`, 'expected NAME=value, the name of letters, digits and _');
  const env = Object.freeze(Object.fromEntries(entries));
  // A fault that begins with the name of its variable stands there.
  if (faults.length === 0) for (const text of check(env)) fault(/^([A-Z][A-Z0-9_]*): /.exec(text)?.[1] ?? '', text.replace(/^[A-Z][A-Z0-9_]*: /, ''));
  return { env, faults };
}

/**
 * parseEnv skips in silence what it does not understand, or takes it for a part of the next name: a line that is
 * only a key would be gone. Where a value has several lines only the names are looked at; [0] says that one is wrong.
 */
function wrongLines(text: string, entries: readonly (readonly [string, string])[]): number[] {
  if (entries.some(([, value]) => value.includes('\n'))) return entries.every(([name]) => NAME.test(name)) ? [] : [0];
  return text.split('\n').flatMap((line, i) => (/^\s*(#.*)?$/.test(line) || NAME.test(/^\s*(?:export\s+)?([^=]*?)\s*=/.exec(line)?.[1] ?? '') ? [] : i + 1));
}
