import { dispose } from '@livekit/rtc-node';
import type { Clock, Timer } from '../../domain/clock.js';
import { messageOf, VoiceNodeError } from '../../domain/errors.js';
import type { AgentState, CallerEvent } from '../../domain/events.js';
import type { Log, Meter } from '../../domain/observer.js';
import { monotonicMs } from '../../domain/time.js';
import type { Line, LineEnd, LineListener } from '../../domain/transport.js';
import { bounded } from './bounded.js';
import { ConnectSlots } from './connect-slots.js';
import type { Connection, ConnectionFactory, ConnectionListener } from './connection.js';
import { join, type JoinLimits } from './join.js';
import { rejoin } from './rejoin.js';
import { RoomConnection } from './room-connection.js';

const FIRST: JoinLimits = { turnMs: 10_000, connectMs: 10_000, publishMs: 5000 };
/** A server that accepts and then says nothing must not hold an attempt for long: the next one may find another. */
const AGAIN: JoinLimits = { turnMs: 30_000, connectMs: 3000, publishMs: 1500 };
/** rtc-node repairs a signalling connection in place, which nobody hears; past this it is quicker to begin anew. */
const REPAIR_LIMIT_MS = 2000;
const REMOVE_LIMIT_MS = 5000;
const NO_MEDIA_MS = 15_000;
const BITRATE_BPS = 80_000;
const MAX_CONNECTS = 4;
/** Names that may still be seen in the room; the oldest are forgotten. */
const MAX_FORMER = 16;

const slotsOfProcess = new ConnectSlots(MAX_CONNECTS);

export interface LiveKitLineOptions {
  readonly url: string;
  readonly room: string;
  /** For the first connection: a token for exactly this room and this identity. */
  readonly token: string;
  readonly identity: string;
  /** The name of the n-th attempt to come back (1, 2, ...): one that was never in this room. */
  identityOf(attempt: number): string;
  /**
   * A token for this room and this identity, with the same grants; has 2 s. Undefined: the call is somebody else's by
   * now, and the line ends as `superseded`. A rejection is bad luck, and another attempt follows.
   */
  fresh(identity: string): Promise<string | undefined>;
  /** The robot is in the room under this name now. */
  identityChanged(identity: string): void;
  /** Asks the server to remove an earlier name of this line's that it still shows. */
  readonly removeGhost?: ((identity: string) => Promise<void>) | undefined;
  /** How long the line may be down in one piece before the call is lost: the call's longest duration. */
  readonly maxOutageMs: number;
  /** 15 s: nothing comes from a caller who is there with an open microphone. */
  readonly noMediaMs?: number | undefined;
  /** Of the robot's voice, bits per second: 80,000. From about 72,000 on Opus codes speech by CELT, for half the processor time of its hybrid mode. */
  readonly bitrateBps?: number | undefined;
}

/** For tests: connections without a server, a queue of one's own, chance that can be repeated. */
export interface LineParts {
  readonly connections?: ConnectionFactory;
  readonly slots?: ConnectSlots;
  readonly random?: () => number;
}

/**
 * A call's line through a LiveKit room: what lives as long as the call. A connection that breaks is replaced by a
 * new one under a new name, for as long as the call may last, unless somebody wanted it to end.
 */
export class LiveKitLine implements Line {
  readonly room: string;
  readonly #options: LiveKitLineOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connections: ConnectionFactory;
  readonly #slots: ConnectSlots;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  /** Connections being left in the background. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #former = new Set<string>();
  #listener: LineListener | undefined;
  /** The one that is up. */
  #connection: Connection | undefined;
  #identity: string;
  #attempts = 0;
  #caller: string | undefined;
  /** Who was heard last: after a break he is looked for. */
  #lastCaller: string | undefined;
  #state: AgentState | undefined;
  #repairTimer: Timer | undefined;
  #ended = false;
  #closed: Promise<void> | undefined;

  constructor(options: LiveKitLineOptions, clock: Clock, meter: Meter, log: Log, parts: LineParts = {}) {
    this.room = options.room;
    this.#options = options;
    this.#identity = options.identity;
    this.#clock = clock;
    this.#log = log;
    const { url, room, noMediaMs = NO_MEDIA_MS, bitrateBps = BITRATE_BPS } = options;
    this.#connections = parts.connections ?? ((settings) => new RoomConnection({ url, room, clock, meter, log, noMediaMs, bitrateBps }, settings));
    this.#slots = parts.slots ?? slotsOfProcess;
    this.#random = parts.random ?? Math.random;
  }

  async open(listener: LineListener): Promise<void> {
    this.#listener = listener;
    const connection = await this.#join(this.#options.identity, this.#options.token, FIRST);
    if (this.#over) {
      this.#discard(connection);
      throw new VoiceNodeError('transport_lost', `room ${this.room} was left again while joining it`);
    }
    this.#connection = connection;
    this.#clock.at(this.#clock.nowMs(), () => this.#start(connection));
  }

  send(frame: Int16Array): boolean {
    return this.#connection?.send(frame) ?? false;
  }

  setAgentState(state: AgentState): void {
    this.#state = state;
    this.#connection?.setAgentState(state);
  }

  publish(event: CallerEvent): void {
    this.#connection?.publishEvent(event);
  }

  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void {
    this.#connection?.transcript(from, segment, text, final);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const connection = this.#connection;
    // The last events of a call are on their way.
    if (connection !== undefined) await connection.flush();
    this.#ended = true;
    this.#closing.abort();
    this.#drop();
    await Promise.all(this.#leaving);
  }

  get #over(): boolean {
    return this.#ended || this.#closed !== undefined;
  }

  /** Takes the connection out of service. */
  #drop(): void {
    this.#repairTimer?.cancel();
    this.#repairTimer = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#discard(connection);
  }

  #discard(connection: Connection): void {
    const left = connection.close().then(() => void this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  #join(identity: string, token: string, limits: JoinLimits): Promise<Connection> {
    return join(token, {
      clock: this.#clock,
      slots: this.#slots,
      signal: this.#closing.signal,
      room: this.room,
      limits,
      make: () => this.#connections({ preferred: this.#lastCaller, isGhost: (name) => name !== this.#identity && this.#former.has(name) }),
      mayBeIn: () => this.#remember(identity),
      in: () => {
        this.#remember(identity);
        if (identity === this.#identity) return;
        this.#identity = identity;
        this.#options.identityChanged(identity);
      },
      discard: (connection) => this.#discard(connection),
    });
  }

  #remember(identity: string): void {
    this.#former.add(identity);
    const [oldest] = this.#former;
    if (this.#former.size > MAX_FORMER && oldest !== undefined) this.#former.delete(oldest);
  }

  #start(connection: Connection): void {
    if (this.#connection !== connection) return;
    if (this.#state !== undefined) connection.setAgentState(this.#state);
    connection.start(this.#listenerOf(connection));
  }

  /** A connection that has been replaced has nothing to say any more. */
  #listenerOf(connection: Connection): ConnectionListener {
    const asked = new Set<string>();
    const told = (task: (listener: LineListener) => void): void => {
      if (this.#connection === connection && this.#listener !== undefined && !this.#over) task(this.#listener);
    };
    return {
      company: (isThere, hungUp) => told((listener) => listener.company(isThere, hungUp)),
      callerJoined: (identity) =>
        told((listener) => {
          this.#caller = this.#lastCaller = identity;
          listener.callerJoined(identity);
        }),
      callerLeft: (hungUp) =>
        told((listener) => {
          this.#caller = undefined;
          listener.callerLeft(hungUp);
        }),
      audio: (samples) => told((listener) => listener.audio(samples)),
      repairing: () => told(() => this.#repairing()),
      repaired: () => told(() => this.#repaired()),
      ghost: (identity) =>
        told(() => {
          if (!asked.has(identity)) void this.#removeGhost(identity);
          asked.add(identity);
        }),
      lost: (end, detail) => told(() => (end === 'lost' ? this.#down(detail) : this.#end(end, detail))),
    };
  }

  #repairing(): void {
    this.#log.warn({}, 'the connection is being repaired');
    const limitAt = monotonicMs(this.#clock.nowMs() + REPAIR_LIMIT_MS);
    this.#repairTimer ??= this.#clock.at(limitAt, () => this.#down(`not repaired within ${REPAIR_LIMIT_MS} ms`));
  }

  #repaired(): void {
    this.#log.info({}, 'the connection is repaired');
    this.#repairTimer?.cancel();
    this.#repairTimer = undefined;
  }

  #down(detail: string): void {
    this.#log.warn({ detail }, 'the line is down; joining again');
    this.#drop();
    const heard = this.#caller !== undefined;
    this.#caller = undefined;
    if (heard) this.#listener?.callerLeft(false);
    if (this.#over) return;
    this.#listener?.interrupted();
    this.#comeBack().catch((error: unknown) => {
      this.#log.error({ error: messageOf(error) }, 'joining again failed: a bug');
      this.#end('lost', messageOf(error));
    });
  }

  async #comeBack(): Promise<void> {
    const { maxOutageMs } = this.#options;
    const result = await rejoin({
      clock: this.#clock,
      log: this.#log,
      signal: this.#closing.signal,
      limitMs: maxOutageMs,
      random: this.#random,
      nextIdentity: () => this.#options.identityOf(++this.#attempts),
      fresh: (identity) => this.#options.fresh(identity),
      join: (identity, token) => this.#join(identity, token, AGAIN),
    });
    if (this.#over) {
      if (typeof result === 'object') this.#discard(result);
      return;
    }
    if (result === 'superseded') return this.#end('superseded', 'the call is held by somebody else');
    if (result === 'late') return this.#end('lost', `not back within ${maxOutageMs} ms`);
    this.#connection = result;
    this.#listener?.restored();
    this.#start(result);
  }

  #end(end: LineEnd, detail: string): void {
    if (this.#over) return;
    this.#ended = true;
    this.#closing.abort();
    this.#drop();
    this.#listener?.ended(end, detail);
  }

  /** One robot in the room: what a server that was cut off for a while still shows of our earlier connections goes. */
  async #removeGhost(identity: string): Promise<void> {
    this.#log.info({ identity }, 'an earlier connection of this line is still shown in the room');
    const bounds = { clock: this.#clock, signal: this.#closing.signal, limitMs: REMOVE_LIMIT_MS, code: 'transport_timeout', what: 'removing it' } as const;
    try {
      await bounded(bounds, this.#options.removeGhost?.(identity) ?? Promise.resolve());
    } catch (error) {
      // It may just have left by itself, and the server forgets it after 20 s in any case.
      this.#log.debug({ identity, error: messageOf(error) }, 'an earlier connection was not removed');
    }
  }
}

/** Frees what rtc-node shares between all rooms. Last of all; nothing of this module may be used afterwards. */
export const disposeLiveKit = (): Promise<void> => dispose();
