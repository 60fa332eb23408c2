import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * A server we start and answer for: it ends when we say so, and when we die without a word.
 *
 * The second half is the guard, a shell that holds the reading end of a pipe whose writing end is ours alone.
 * However this process ends, the kernel closes the pipe, and the guard ends the server.
 */
const GUARD = `trap '' INT TERM HUP; read -r _; kill -TERM "$1" 2>/dev/null && sleep 2 && kill -KILL "$1" 2>/dev/null`;

/**
 * @param {{ name: string, command: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string,
 *   logFile?: string, stdio?: import('node:child_process').StdioOptions, onKill?: () => void }} options
 *   logFile gets both output streams, appended; onKill runs whenever the child had to be killed.
 */
export async function startChild({ name, command, args, env, cwd, logFile, stdio, onKill }) {
  const log = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
  // A process group of its own: Ctrl-C at the terminal reaches us, and we end the children in order.
  const child = spawn(command, args, { env, cwd, detached: true, stdio: stdio ?? ['ignore', log ?? 'ignore', log ?? 'ignore'] });
  if (log !== undefined) closeSync(log);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const guard = spawn('sh', ['-c', GUARD, 'sh', String(child.pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {}); // no shell: only the guard is lost
  guard.stdin?.on('error', () => {});
  guard.unref();
  guard.stdin?.unref?.();

  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      // Before anything else can take the child's process id.
      guard.kill('SIGKILL');
      resolve({ code, signal });
    });
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const kill = () => {
    if (!isRunning()) return;
    child.kill('SIGKILL');
    onKill?.();
  };

  return {
    name,
    process: child,
    /** Resolves with { code, signal } when it is gone, for whatever reason. */
    ended,
    isRunning,
    /** At once, without a word. */
    kill,
    /** Asks it to end, again every `insistMs` where given, and waits; past the deadline it is killed. */
    async stop(deadlineMs, insistMs = deadlineMs) {
      if (!isRunning()) return;
      child.kill('SIGTERM');
      const again = setInterval(() => child.kill('SIGTERM'), insistMs);
      const timer = setTimeout(kill, deadlineMs);
      await ended;
      clearInterval(again);
      clearTimeout(timer);
    },
    /** The last lines of the log, for an error message. */
    lastLines: (count) => (logFile === undefined ? '' : readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n')),
  };
}

/** How a child ended, in words: "exit code 1", "signal SIGKILL". */
export const endedHow = ({ code, signal }) => (signal === null ? `exit code ${code}` : `signal ${signal}`);

/** What a shell reports for a process ended by `signal`. */
export const signalExitCode = (signal) => 128 + (constants.signals[signal] ?? 0);
