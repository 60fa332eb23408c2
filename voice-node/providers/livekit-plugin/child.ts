import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ToChild } from './protocol.js';

export interface ChildEvents {
  message(message: unknown): void;
  /** Once. `how`: `exit code 1`, `signal SIGKILL`. */
  ended(how: string): void;
}

/** A running child. */
export interface Child {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the channel has taken the message, or cannot any more. */
  send(message: ToChild): Promise<void>;
  /** At once, without asking. */
  kill(): void;
}

/** Starts a child; undefined where what it needs is not installed. No event comes before it has returned. */
export type Launch = (events: ChildEvents) => Child | undefined;

export interface ForkOptions {
  /** sidecars/livekit-plugins/host.mjs */
  readonly hostProgram: string;
  /** Where scripts/livekit-plugins has installed @livekit/agents and the plugins. */
  readonly pluginHostDir: string;
  /** All the child gets to see: the plugins' keys. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a plugin may use of JavaScript's memory before its process dies of it instead of the machine. */
const HEAP_MB = 512;

/** Whether `plugin` is installed there, and what all plugins need. */
export const isInstalled = (pluginHostDir: string, plugin: string): boolean =>
  ['load.mjs', 'node_modules/@livekit/agents', `node_modules/@livekit/agents-plugin-${plugin}`].every((path) => existsSync(join(pluginHostDir, path)));

/** The real child: `fork` with an environment of its own and no output, for plugins log what callers say. */
export function forkHost({ hostProgram, pluginHostDir, environment }: ForkOptions): Launch {
  return (events) => {
    if (!existsSync(join(pluginHostDir, 'load.mjs'))) return undefined;
    const child = fork(hostProgram, [pluginHostDir], {
      env: { ...environment },
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let isOver = false;
    const ended = (how: string): void => {
      if (isOver) return;
      isOver = true;
      events.ended(how);
    };
    child.on('message', (message) => events.message(message));
    child.on('error', (error: NodeJS.ErrnoException) => {
      child.kill('SIGKILL');
      ended(error.code ?? error.name);
    });
    child.on('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
    // Idle, it keeps nobody from ending; requests have timers of their own.
    child.unref();
    child.channel?.unref();
    return {
      pid: child.pid,
      send: (message) =>
        new Promise((resolve) => {
          if (!child.connected) resolve();
          else child.send(message, () => resolve());
        }),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
