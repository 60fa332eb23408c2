import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CallerReport } from './crowd-caller.js';

export type CrowdRequest =
  | { readonly do: 'join'; readonly caller: number; readonly url: string; readonly token: string; readonly comesBack: boolean }
  | { readonly do: 'speak'; readonly caller: number; readonly everyMs: number; readonly delayMs: number }
  | { readonly do: 'hush' | 'report' | 'leave'; readonly caller: number };

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Many callers in one process of their own. */
export class Crowd {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('./crowd-process.js', import.meta.url)), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #next = 0;
  #gone: string | undefined;

  constructor() {
    this.#child.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      this.#gone = `the callers’ process has ended (${signal ?? code})`;
      for (const { reject } of this.#waiting.values()) reject(new Error(this.#gone));
      this.#waiting.clear();
    });
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async join(caller: number, { url, token }: { readonly url: string; readonly token: string }, comesBack = false): Promise<void> {
    await this.#ask({ do: 'join', caller, url, token, comesBack });
  }

  /** 1.4 s of speech every `everyMs`. */
  async speak(caller: number, everyMs: number, delayMs: number): Promise<void> {
    await this.#ask({ do: 'speak', caller, everyMs, delayMs });
  }

  async hush(caller: number): Promise<void> {
    await this.#ask({ do: 'hush', caller });
  }

  report(caller: number): Promise<CallerReport> {
    return this.#ask({ do: 'report', caller }) as Promise<CallerReport>;
  }

  async leave(caller: number): Promise<void> {
    await this.#ask({ do: 'leave', caller });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(request: CrowdRequest): Promise<unknown> {
    const id = this.#next++;
    if (this.#gone !== undefined) return Promise.reject(new Error(this.#gone));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, request });
    });
  }
}
