import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of this checkout, without a slash at the end; symlinks resolved. */
export const root = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));

export const inRoot = (...parts) => join(root, ...parts);

/** Logs, reports and the keys of a running `scripts/up`; not in git. Tests name another folder. */
export const cacheDir = process.env.VOICE_NODE_STATE_DIR || inRoot('.cache');

/** A failure whose message is all the user needs to see. */
export class ScriptError extends Error {
  name = 'ScriptError';
}

/** The whole message of a failure: our own in words, a bug with its stack. */
export const explain = (error) => (error instanceof ScriptError ? error.message : String(error?.stack ?? error));

const RUNS_FROM = [20, 12];
/** The tools of the checks ask for more than the node itself. */
export const CHECKS_FROM = [20, 19];

/** Exits with one clear line where this Node is too old to run the rest. */
export function requireNode(from = RUNS_FROM, version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > from[0] || (major === from[0] && minor >= from[1])) return;
  process.stderr.write(`voice-node needs Node ${from.join('.')} or newer here; this is ${version} (${process.execPath}). See https://nodejs.org\n`);
  process.exit(1);
}

/** Exits with one clear line where the packages are not there. */
export function requirePackages() {
  if (existsSync(inRoot('node_modules', 'zod'))) return;
  process.stderr.write(`voice-node: its packages are not installed. Run: cd "${root}" && npm ci\n`);
  process.exit(1);
}
