import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { cacheDir, inRoot, ScriptError } from './checkout.mjs';

/** Where a running `scripts/up` leaves its keys for `scripts/gen-token`. */
export const UP_ENV = join(cacheDir, 'up.env');

function readEnvFile(path) {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw new ScriptError(`${path}: ${error.message}`);
  }
}

/** The environment over the root .env, as the node reads them; a variable that is empty in the result is not set. */
export function settings(env = process.env) {
  const all = Object.entries({ ...readEnvFile(inRoot('.env')), ...env });
  return Object.fromEntries(all.map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== ''));
}

/** The LiveKit server the user named, or undefined where none is. */
export function namedLiveKit(values) {
  if (!values.LIVEKIT_URL) return undefined;
  const missing = ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET'].filter((name) => !values[name]);
  if (missing.length > 0) {
    throw new ScriptError(`LIVEKIT_URL is set to '${values.LIVEKIT_URL}', so ${missing.join(' and ')} must be set too (or unset LIVEKIT_URL to get a server of your own)`);
  }
  if (!/^wss?:\/\/[^/]/.test(values.LIVEKIT_URL)) {
    throw new ScriptError(`LIVEKIT_URL: expected ws://host:port or wss://host, got '${values.LIVEKIT_URL}'`);
  }
  return { url: values.LIVEKIT_URL, apiKey: values.LIVEKIT_API_KEY, apiSecret: values.LIVEKIT_API_SECRET };
}

/** PORT as the user set it; undefined where any free one will do. */
export function namedPort(values) {
  if (!values.PORT || values.PORT === '0') return undefined;
  const port = Number(values.PORT);
  if (!/^\d+$/.test(values.PORT) || port > 65_535) throw new ScriptError(`PORT: expected a whole number from 1 to 65535, got '${values.PORT}'`);
  return port;
}

export function writeUpEnv({ url, apiKey, apiSecret }) {
  mkdirSync(cacheDir, { recursive: true });
  rmSync(UP_ENV, { force: true }); // an old file would keep its old mode
  const lines = [`UP_PID=${process.pid}`, `LIVEKIT_URL=${url}`, `LIVEKIT_API_KEY=${apiKey}`, `LIVEKIT_API_SECRET=${apiSecret}`];
  writeFileSync(UP_ENV, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Removes the file unless another `scripts/up` has written its own since. */
export function removeUpEnv() {
  if (readEnvFile(UP_ENV).UP_PID === String(process.pid)) rmSync(UP_ENV, { force: true });
}

/** The keys of the `scripts/up` that is running, or nothing. */
export function readUpEnv() {
  const { UP_PID, ...keys } = readEnvFile(UP_ENV);
  try {
    if (!UP_PID) return {};
    process.kill(Number(UP_PID), 0);
    return keys;
  } catch {
    return {}; // it died without cleaning up
  }
}
