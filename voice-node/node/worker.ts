import { randomBytes } from 'node:crypto';
import { JobStatus, WorkerStatus, type AvailabilityRequest, type JobAssignment } from '@livekit/protocol';
import { UpdateJobStatus, UpdateWorkerStatus, AvailabilityResponse } from '@livekit/protocol';
import type { Clock, Timer } from '../domain/clock.js';
import { messageOf, type VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import { Backoff } from './backoff.js';
import type { LiveCalls } from './live-calls.js';
import { WorkerSocket, type ServerMessageBody, type WorkerSocketOptions } from './worker-socket.js';

const STATUS_MS = 2500;
/**
 * The load reported by a node with one call less than it may have. The server offers no job at all to workers
 * at or above its `agents.target_load`, 0.7 by default, whatever status they report.
 */
const HIGHEST_LOAD = 0.65;
/** An accepted job that is not assigned within this time was given to someone else. */
const ASSIGNMENT_LIMIT_MS = 10_000;

export interface WorkerOptions extends WorkerSocketOptions {
  readonly maxCalls: number;
}

/**
 * The node as the server's dispatch sees it: registers as an agent worker, says how busy it is, takes the job
 * of every new room. When the server goes away it registers again, for ever; calls in progress are not touched.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #calls: LiveCalls;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff = new Backoff(200, 2000, 50);
  readonly #accepted = new Map<string, { readonly callId: string; readonly expiry: Timer }>();
  readonly #callOfJob = new Map<string, string>();
  #socket: WorkerSocket | undefined;
  #registered = false;
  #draining = false;
  #stopped = false;
  #lastError = '';
  #timer: Timer | undefined;

  constructor(options: WorkerOptions, calls: LiveCalls, clock: Clock, log: Log) {
    this.#options = options;
    this.#calls = calls;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whether the server may send calls: registered, not draining, not full. */
  get ready(): boolean {
    return this.#registered && this.#available;
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

  /** No new calls from now on; those in progress go on. */
  drain(): void {
    this.#draining = true;
    this.#sendStatus();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const { expiry } of this.#accepted.values()) expiry.cancel();
    this.#socket?.close();
  }

  /** What one job throws must not end the calls of all others. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'a message of the server could not be handled');
    }
  }

  get #occupied(): number {
    return this.#calls.count + this.#accepted.size;
  }

  get #available(): boolean {
    return !this.#draining && this.#occupied < this.#options.maxCalls;
  }

  #onMessage(message: ServerMessageBody): void {
    switch (message.case) {
      case 'register':
        this.#registered = true;
        this.#backoff.reset();
        this.#lastError = '';
        this.#log.info({ workerId: message.value.workerId, server: message.value.serverInfo?.version }, 'registered with the LiveKit server');
        this.#repeatStatus();
        return;
      case 'availability':
        return this.#onAvailability(message.value);
      case 'assignment':
        return this.#onAssignment(message.value);
      case 'termination': {
        const callId = this.#callOfJob.get(message.value.jobId);
        if (callId !== undefined) this.#calls.end(callId, 'room_closed');
        return;
      }
      case 'pong':
        return;
    }
  }

  #onAvailability(request: AvailabilityRequest): void {
    const job = request.job;
    if (job === undefined) return;
    if (!this.#available) {
      this.#log.warn({ jobId: job.id, calls: this.#calls.count, draining: this.#draining }, 'a call was refused');
      this.#socket?.send({ case: 'availability', value: new AvailabilityResponse({ jobId: job.id, available: false }) });
      return;
    }
    // A random identity for each call: a constant one would evict its own predecessor.
    const callId = `call-${randomBytes(9).toString('base64url')}`;
    const expiry = this.#clock.at(monotonicMs(this.#clock.nowMs() + ASSIGNMENT_LIMIT_MS), () => {
      this.#accepted.delete(job.id);
      this.#sendStatus();
    });
    this.#accepted.set(job.id, { callId, expiry });
    this.#socket?.send({
      case: 'availability',
      value: new AvailabilityResponse({ jobId: job.id, available: true, participantIdentity: `robot-${callId}`, participantName: 'Robot' }),
    });
    this.#sendStatus();
  }

  #onAssignment(assignment: JobAssignment): void {
    const { job, token } = assignment;
    if (job?.room === undefined) return;
    const accepted = this.#accepted.get(job.id);
    if (accepted === undefined) {
      this.#log.warn({ jobId: job.id }, 'a job came that had not been accepted, or too late');
      return;
    }
    accepted.expiry.cancel();
    this.#accepted.delete(job.id);
    const room = job.room.name;
    this.#callOfJob.set(job.id, accepted.callId);
    this.#report(job.id, JobStatus.JS_RUNNING);
    const done = this.#calls.begin({ callId: accepted.callId, room, token, metadata: job.room.metadata });
    this.#sendStatus();
    void done.then((end) => {
      this.#callOfJob.delete(job.id);
      this.#report(job.id, end === 'failed' ? JobStatus.JS_FAILED : JobStatus.JS_SUCCESS);
      this.#sendStatus();
    });
  }

  #report(jobId: string, status: JobStatus): void {
    this.#socket?.send({ case: 'updateJob', value: new UpdateJobStatus({ jobId, status }) });
  }

  #repeatStatus(): void {
    this.#timer?.cancel();
    if (this.#stopped || !this.#registered) return;
    this.#sendStatus();
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + STATUS_MS), () => this.#repeatStatus());
  }

  #sendStatus(): void {
    if (!this.#registered) return;
    const status = this.#available ? WorkerStatus.WS_AVAILABLE : WorkerStatus.WS_FULL;
    const load = this.#available ? (HIGHEST_LOAD * this.#occupied) / this.#options.maxCalls : 1;
    this.#socket?.send({ case: 'updateWorker', value: new UpdateWorkerStatus({ status, load, jobCount: this.#calls.count }) });
  }

  #onClosed(error: VoiceNodeError): void {
    const wasRegistered = this.#registered;
    this.#registered = false;
    this.#timer?.cancel();
    if (this.#stopped) return;
    if (wasRegistered || error.message !== this.#lastError) {
      this.#log[error.code === 'worker_unreachable' ? 'warn' : 'error']({ code: error.code, error: error.message }, 'not registered; trying again');
    }
    this.#lastError = error.message;
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + this.#backoff.nextMs()), () => this.start());
  }
}
