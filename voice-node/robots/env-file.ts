import { parseEnv } from 'node:util';
import type { Fault } from './faults.js';

/** What one process has once, whoever answers: a robot cannot have its own. */
const OF_THE_NODE = new Set(['HOST', 'PORT', 'LOG_LEVEL', 'ROBOT', 'ROBOTS_DIR', 'MAX_CALLS', 'DRAIN_TIMEOUT_MS', 'TOOL_URLS', 'CACHE_DIR', 'PHRASE_CACHE_MB']);

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
  for (const [name] of entries) {
    if (!NAME.test(name)) fault(name.slice(0, 80), 'expected a name of letters, digits and _');
    else if (belongsToNode(name)) fault(name, 'belongs to the node; expected it in the environment or in the root .env');
  }
  if (entries.length > MAX_VARIABLES) fault('', `expected at most ${MAX_VARIABLES} variables, got ${entries.length}`);
  // parseEnv skips in silence what it does not understand. A value of several lines would need its own parser.
  if (entries.every(([, value]) => !value.includes('\n'))) {
    text.split('\n').forEach((line, i) => {
      if (!/^\s*(#.*)?$/.test(line) && !/^\s*(export\s+)?[^\s=#]+\s*=/.test(line)) fault(`line ${i + 1}`, 'expected NAME=value');
    });
  }
  const env = Object.freeze(Object.fromEntries(entries));
  if (faults.length === 0) for (const message of check(env)) fault('', message);
  return { env, faults };
}
