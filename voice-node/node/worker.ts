import { UpdateWorkerStatus, WorkerStatus } from '@livekit/protocol';
import type { Clock, Timer } from '../domain/clock.js';
import { messageOf, type VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import { Backoff } from './backoff.js';
import { WorkerJobs, type JobsDesk } from './worker-jobs.js';
import { WorkerSocket, type ServerMessageBody, type WorkerSocketOptions } from './worker-socket.js';

const STATUS_MS = 2500;
/**
 * The load reported by a node that is all but full. The server offers no job at all to workers at or above its
 * `agents.target_load`, 0.7 by default, whatever status they report.
 */
const HIGHEST_LOAD = 0.65;
/** Changes of load smaller than this wait for the next regular status. */
const LOAD_STEP = 0.02;

export type WorkerOptions = WorkerSocketOptions;

/** The desk, as far as the worker is concerned. */
export interface WorkerDesk extends JobsDesk {
  /** Whether the server is to offer calls. */
  readonly wantsOffers: boolean;
  /** 0 to 1. */
  readonly load: number;
  /** Accepted calls count. */
  readonly live: number;
  /** Calls `task` when one of these may have changed. */
  watch(task: () => void): void;
}

/**
 * The node as the server's dispatch sees it: registers as an agent worker, says how busy it is, brings the job of every
 * new room to the desk. When the server goes away it registers again, for ever; calls in progress are not touched.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #desk: WorkerDesk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs: WorkerJobs;
  readonly #backoff = new Backoff(200, 2000, 50);
  #socket: WorkerSocket | undefined;
  #registered = false;
  #stopped = false;
  #lastError = '';
  #timer: Timer | undefined;
  #told: { readonly status: WorkerStatus; readonly load: number; readonly jobCount: number } | undefined;

  constructor(options: WorkerOptions, desk: WorkerDesk, clock: Clock, log: Log) {
    this.#options = options;
    this.#desk = desk;
    this.#clock = clock;
    this.#log = log;
    this.#jobs = new WorkerJobs({ desk, clock, log, send: (message) => this.#socket?.send(message) });
    desk.watch(() => this.#onChange());
  }

  get registered(): boolean {
    return this.#registered;
  }

  start(): void {
    if (this.#stopped) return;
    this.#socket = new WorkerSocket(this.#options, this.#clock, {
      opened: () => undefined,
      message: (message) => this.#guard(() => this.#onMessage(message)),
      closed: (error) => this.#onClosed(error),
    });
  }

  /** The connection is closed for good. Calls are not touched; those that were not assigned yet never will be. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#socket?.close();
    this.#jobs.disconnected();
  }

  /** What one job throws must not end the calls of all others. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'a message of the server could not be handled');
    }
  }

  #onMessage(message: ServerMessageBody): void {
    switch (message.case) {
      case 'register':
        this.#registered = true;
        this.#backoff.reset();
        this.#lastError = '';
        this.#log.info({ workerId: message.value.workerId, server: message.value.serverInfo?.version }, 'registered with the LiveKit server');
        this.#repeatStatus();
        return this.#jobs.reportAll();
      case 'availability':
        return this.#jobs.onAvailability(message.value);
      case 'assignment':
        return this.#jobs.onAssignment(message.value);
      case 'termination':
        return this.#jobs.onTermination(message.value.jobId);
      case 'pong':
        return;
    }
  }

  #repeatStatus(): void {
    this.#timer?.cancel();
    if (this.#stopped || !this.#registered) return;
    this.#sendStatus();
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + STATUS_MS), () => this.#repeatStatus());
  }

  /** The server must not offer calls to a node that is full, nor pass over one that no longer is. */
  #onChange(): void {
    const { status, load, jobCount } = this.#status();
    const told = this.#told;
    if (told === undefined || status !== told.status || jobCount !== told.jobCount || Math.abs(load - told.load) >= LOAD_STEP) this.#sendStatus();
  }

  #status(): { readonly status: WorkerStatus; readonly load: number; readonly jobCount: number } {
    const { wantsOffers, load, live } = this.#desk;
    return wantsOffers ? { status: WorkerStatus.WS_AVAILABLE, load: HIGHEST_LOAD * Math.min(1, load), jobCount: live } : { status: WorkerStatus.WS_FULL, load: 1, jobCount: live };
  }

  #sendStatus(): void {
    if (!this.#registered) return;
    this.#told = this.#status();
    this.#socket?.send({ case: 'updateWorker', value: new UpdateWorkerStatus(this.#told) });
  }

  #onClosed(error: VoiceNodeError): void {
    const wasRegistered = this.#registered;
    this.#registered = false;
    this.#told = undefined;
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#jobs.disconnected();
    if (wasRegistered || error.message !== this.#lastError) {
      this.#log[error.code === 'worker_unreachable' ? 'warn' : 'error']({ code: error.code, error: error.message }, 'not registered; trying again');
    }
    this.#lastError = error.message;
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + this.#backoff.nextMs()), () => this.start());
  }
}
