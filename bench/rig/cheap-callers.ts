import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildCallers } from './callers-binary.js';
import type { OpusWords } from './opus-words.js';

export interface CheapCallersOptions {
  readonly words: OpusWords;
  /** A packet of at least so many bytes is sound. It depends on what the robot says: look at what its encoder sends. */
  readonly loudBytes: number;
}

/** A pause of over 40 ms within an answer, by unix time of its end. */
export interface CheapGap {
  readonly atMs: number;
  readonly ms: number;
}

/** One thing said and what was heard of its answer. Moments are unix time in ms. */
export interface CheapTurn {
  readonly call: number;
  /** The last packet of the words was sent. */
  readonly saidMs: number;
  /** From there to the first loud packet of the answer; absent where none came before the next words. */
  readonly delayMs?: number;
  /** 1 for an answer in one piece; a pause over 700 ms makes two. */
  readonly sounds: number;
  readonly loudMs: number;
  readonly gaps: readonly CheapGap[];
  /** Packets of the robot's that never came, since the turn before. */
  readonly lost: number;
}

export interface Late {
  /** The end of the second, in unix time. */
  readonly atMs: number;
  readonly worstMs: number;
}

type CallerEvent =
  | { readonly event: 'joined'; readonly call: number; readonly ms: number }
  | { readonly event: 'gone'; readonly call: number; readonly why: string }
  | { readonly event: 'late'; readonly worstMs: number }
  | ({ readonly event: 'turn' } & CheapTurn);

const JOIN_LIMIT_MS = 25_000;
const STOP_LIMIT_MS = 5000;

/**
 * Callers that neither encode nor decode (bench/callers), all in one process. They end with this process: their
 * input ends then. What they call a gap, and why that is stricter than a listener's who decodes, is said in ear.go.
 */
export class CheapCallers {
  readonly turns: CheapTurn[] = [];
  /** Calls that were not to be had, or were lost, with the reason. */
  readonly gone = new Map<number, string>();
  /** How late the callers themselves were, second by second: what they are late, no node is to blame for. */
  readonly late: Late[] = [];
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #joining = new Map<number, { resolve(ms: number): void; reject(error: Error): void }>();
  readonly #ended: Promise<void>;
  #why: string | undefined;

  private constructor(binary: string, { words, loudBytes }: CheapCallersOptions) {
    this.#folder = mkdtempSync(join(tmpdir(), 'voice-node-callers-'));
    const file = join(this.#folder, 'words.json');
    writeFileSync(file, JSON.stringify(words));
    this.#child = spawn(binary, ['-words', file, '-loud', String(loudBytes)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        this.#why ??= why;
        for (const { reject } of this.#joining.values()) reject(new Error(why));
        this.#joining.clear();
        resolve();
      };
      this.#child.on('error', (error) => end(`the callers did not start: ${error.message}`));
      this.#child.on('exit', (code, signal) => end(`the callers have ended (${signal ?? code})`));
    });
  }

  /** Builds the callers where they have changed, and starts them. */
  static async start(options: CheapCallersOptions): Promise<CheapCallers> {
    return new CheapCallers(await buildCallers(), options);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Joins, and speaks whenever the clock is `phaseMs` past a multiple of the words' period. Resolves with how long joining took, in ms. */
  join(call: number, { url, token }: { readonly url: string; readonly token: string }, phaseMs: number): Promise<number> {
    if (this.#why !== undefined) return Promise.reject(new Error(this.#why));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new Error(`caller ${call} did not join within ${JOIN_LIMIT_MS} ms`))), JOIN_LIMIT_MS);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        this.#joining.delete(call);
        how();
      };
      this.#joining.set(call, { resolve: (ms) => settle(() => resolve(ms)), reject: (error) => settle(() => reject(error)) });
      this.#child.stdin?.write(`${JSON.stringify({ call, url, token, phaseMs: Math.round(phaseMs) })}\n`);
    });
  }

  /** All leave; SIGKILL where that takes long. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    this.#child.stdin?.end();
    await this.#ended;
    clearTimeout(timer);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read(line: string): void {
    let event: CallerEvent;
    try {
      event = JSON.parse(line) as CallerEvent;
    } catch {
      // Killed in the middle of a line.
      return;
    }
    this.#take(event);
  }

  #take(event: CallerEvent): void {
    switch (event.event) {
      case 'joined':
        return this.#joining.get(event.call)?.resolve(event.ms);
      case 'gone':
        this.gone.set(event.call, event.why);
        return this.#joining.get(event.call)?.reject(new Error(`caller ${event.call}: ${event.why}`));
      case 'late':
        this.late.push({ atMs: Date.now(), worstMs: event.worstMs });
        return;
      case 'turn':
        this.turns.push(event);
    }
  }
}
