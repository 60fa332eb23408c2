import { AvailabilityResponse, JobStatus, UpdateJobStatus, type AvailabilityRequest, type JobAssignment } from '@livekit/protocol';
import type { Clock, Timer } from '../domain/clock.js';
import type { CallEnd, Log, Refusal } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import type { Offer } from './desk.js';
import type { WorkerMessageBody } from './worker-socket.js';

/**
 * An accepted job that is not assigned within this time was given to someone else: the server assigns it in the moment
 * of our answer, and gives up a worker itself that has not answered for this long.
 */
export const ASSIGNMENT_LIMIT_MS = 10_000;

/** The desk, as far as the dispatch is concerned. */
export interface JobsDesk {
  offer(room: string): Promise<Offer>;
  assigned(callId: string, token: string, metadata: string): Promise<CallEnd> | undefined;
  notAssigned(callId: string): void;
  terminated(callId: string): boolean;
}

export interface WorkerJobsPorts {
  readonly desk: JobsDesk;
  readonly clock: Clock;
  readonly log: Log;
  send(message: WorkerMessageBody): void;
}

/** A job that is offered to us: asked about at the desk, then accepted, until the server assigns it. */
interface OfferedJob {
  callId?: string;
  expiry?: Timer;
}

/** The jobs of a worker: what the server calls a call. Bounded by the calls that the desk accepts. */
export class WorkerJobs {
  readonly #ports: WorkerJobsPorts;
  readonly #offered = new Map<string, OfferedJob>();
  readonly #running = new Map<string, string>();

  constructor(ports: WorkerJobsPorts) {
    this.#ports = ports;
  }

  /** Assigned, and the call not over: what the server is to be told of. */
  get running(): number {
    return this.#running.size;
  }

  onAvailability({ job }: AvailabilityRequest): void {
    if (job === undefined || this.#offered.has(job.id)) return;
    const offered: OfferedJob = {};
    this.#offered.set(job.id, offered);
    const room = job.room?.name ?? '';
    const { desk, log } = this.#ports;
    void desk.offer(room).then(
      (offer) => this.#answer(job.id, room, offered, offer),
      (error: unknown) => {
        log.error({ jobId: job.id, room, error: error instanceof Error ? error.stack : String(error) }, 'an offered call could not be answered: a bug');
        this.#offered.delete(job.id);
        this.#refuse(job.id, 'not_ready');
      },
    );
  }

  onAssignment({ job, token }: JobAssignment): void {
    if (job === undefined) return;
    const { desk, log } = this.#ports;
    const { callId, expiry } = this.#offered.get(job.id) ?? {};
    expiry?.cancel();
    this.#offered.delete(job.id);
    const done = callId === undefined ? undefined : desk.assigned(callId, token, job.room?.metadata ?? '');
    if (callId === undefined || done === undefined) {
      log.warn({ jobId: job.id, room: job.room?.name }, 'a job came that had not been accepted, or too late');
      return this.#report(job.id, JobStatus.JS_FAILED);
    }
    this.#running.set(job.id, callId);
    this.#report(job.id, JobStatus.JS_RUNNING);
    void done.then((end) => {
      this.#running.delete(job.id);
      this.#report(job.id, end === 'failed' || end === 'crashed' ? JobStatus.JS_FAILED : JobStatus.JS_SUCCESS);
    });
  }

  /** The server ends a job: it was called off, or the robot that it was given to has left the room. */
  onTermination(jobId: string): void {
    const { desk, log } = this.#ports;
    const callId = this.#running.get(jobId);
    if (callId === undefined) return;
    if (!desk.terminated(callId)) log.info({ jobId, callId }, 'the server has ended the job of a call; the call goes on until its robot is put out of the room');
  }

  /** There is a new connection, and perhaps a server that knows nothing yet. */
  reportAll(): void {
    for (const jobId of this.#running.keys()) this.#report(jobId, JobStatus.JS_RUNNING);
  }

  /** The connection is gone: what it has not assigned it never will. */
  disconnected(): void {
    for (const { callId, expiry } of this.#offered.values()) {
      expiry?.cancel();
      if (callId !== undefined) this.#ports.desk.notAssigned(callId);
    }
    this.#offered.clear();
  }

  #answer(jobId: string, room: string, offered: OfferedJob, offer: Offer): void {
    const { desk, clock, log } = this.#ports;
    const isGone = this.#offered.get(jobId) !== offered;
    if ('refused' in offer) {
      if (isGone) return;
      this.#offered.delete(jobId);
      log.info({ jobId, room, reason: offer.refused }, 'a call was refused');
      return this.#refuse(jobId, offer.refused);
    }
    // The connection it came by is gone, and another server does not know it.
    if (isGone) return desk.notAssigned(offer.callId);
    const { callId, identity } = offer;
    offered.callId = callId;
    offered.expiry = clock.at(monotonicMs(clock.nowMs() + ASSIGNMENT_LIMIT_MS), () => {
      this.#offered.delete(jobId);
      log.warn({ jobId, room, callId }, 'an accepted call was not given to this node');
      desk.notAssigned(callId);
    });
    this.#ports.send({ case: 'availability', value: new AvailabilityResponse({ jobId, available: true, participantIdentity: identity, participantName: 'Robot' }) });
  }

  /** A job whose room has its robot is done: `terminate` keeps the server from asking every other node for another one. */
  #refuse(jobId: string, reason: Refusal): void {
    this.#ports.send({ case: 'availability', value: new AvailabilityResponse({ jobId, available: false, terminate: reason === 'has_robot' }) });
  }

  #report(jobId: string, status: JobStatus): void {
    this.#ports.send({ case: 'updateJob', value: new UpdateJobStatus({ jobId, status }) });
  }
}
