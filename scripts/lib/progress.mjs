import { spawn } from 'node:child_process';
import { ScriptError } from './checkout.mjs';

const KEPT_LINES = 40;
const QUIET_MS = 5_000;
const ABORT_DEADLINE_MS = 2_000;

const clock = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

export const say = (line) => process.stderr.write(`${line}\n`);

/**
 * Runs a command that may take long: says what it is, every few seconds how long it has been at it and
 * the last thing it said, and at the end how it went.
 *
 * @param {string} what what it does, in words
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, hint?: string, signal?: AbortSignal }} [options]
 * @returns {Promise<string>} what it printed; a ScriptError with the last lines where it failed
 */
export async function runShown(what, command, args, { env, cwd, hint, signal } = {}) {
  const startedMs = performance.now();
  const elapsed = () => clock(performance.now() - startedMs);
  const lines = [];
  say(`• ${what}${hint ? ` (${hint})` : ''} …`);
  const beat = setInterval(() => say(`  ${elapsed()}  ${(lines.at(-1) ?? 'working').slice(0, 100)}`), QUIET_MS);
  try {
    const { code, signal: by } = await collect(command, args, { env, cwd, signal }, lines);
    if (code !== 0) {
      const how = by ? `signal ${by}` : `exit code ${code}`;
      throw new ScriptError(`${what}: failed with ${how}\n  ${[command, ...args].join(' ')}\n${lines.slice(-KEPT_LINES).join('\n')}`);
    }
  } catch (error) {
    if (error?.code === 'ENOENT') throw new ScriptError(`${what}: there is no command '${command}'`);
    throw error;
  } finally {
    clearInterval(beat);
  }
  say(`  done in ${elapsed()}`);
  return lines.join('\n');
}

/** Both streams of a command, line by line, into `lines`. */
function collect(command, args, { signal, ...options }, lines) {
  return new Promise((resolve, reject) => {
    // Where we may be asked to end it, it and its helpers are a group of their own: they end together, and we
    // wait for that. An npm left behind would fight with the next one.
    const child = spawn(command, args, { ...options, detached: signal !== undefined, stdio: ['ignore', 'pipe', 'pipe'] });
    const release = endOnAbort(child, signal);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (text) => {
        const parts = (rest + text).split(/\r?\n|\r/);
        rest = parts.pop();
        lines.push(...parts.filter((part) => part.trim() !== ''));
      });
      stream.on('end', () => rest.trim() && lines.push(rest));
    }
    child.on('error', reject);
    child.on('close', (code, by) => {
      release();
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code, signal: by });
    });
  });
}

/** Ends the child's group when `signal` aborts, with force after a while. Returns what takes that back. */
function endOnAbort(child, signal) {
  if (signal === undefined) return () => {};
  let timer;
  const end = (how) => {
    try {
      process.kill(-child.pid, how);
    } catch {
      // It has just ended, or never started.
    }
  };
  const onAbort = () => {
    end('SIGTERM');
    timer = setTimeout(end, ABORT_DEADLINE_MS, 'SIGKILL');
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
}

/** The output of a short command, or undefined where it is missing, fails or takes longer than `timeoutMs`. */
export function tryRun(command, args, timeoutMs = 10_000, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? out : undefined));
  });
}
