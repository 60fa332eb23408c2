import { PLAYOUT_FRAME_MS } from '../domain/audio.js';
import type { Clock, Timer } from '../domain/clock.js';
import type { Log, Meter } from '../domain/observer.js';
import type { Line } from '../domain/transport.js';
import { Player } from '../speaking/player.js';
import type { CallEvent } from './events.js';
import { LiveReply } from './reply.js';

/** A late tick may send this many packets of 20 ms at once; after a longer stall the schedule moves. */
const MAX_CATCH_UP_PACKETS = 3;

/** The generation of a reply that was refused: no audio of it is ever played. */
const REFUSED = 0;

export interface VoiceOptions {
  readonly line: Line;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
  /** Bound of the queue of reply audio. */
  readonly queueMs: number;
  dispatch(event: CallEvent): void;
  /** A frame was handed to the line; borrowed. */
  sent(frame: Int16Array): void;
  /** Words of a reply that were heard so far. */
  spoken(reply: LiveReply, text: string, final: boolean): void;
  /** Runs code of the call's own; never throws. */
  run(task: () => void): void;
}

/** The robot's voice in one call: the player with its timer, and the reply that is being played. */
export class Voice {
  readonly #options: VoiceOptions;
  readonly #player: Player;
  readonly #onTimer = (): void => this.#options.run(this.#tick);
  #reply: LiveReply | undefined;
  #timer: Timer | undefined;
  #stopped = false;
  #ticks = 0;
  #lateTicks = 0;

  constructor(options: VoiceOptions) {
    this.#options = options;
    const { meter, queueMs, dispatch } = options;
    this.#player = new Player(
      { queueMs, maxCatchUpPackets: MAX_CATCH_UP_PACKETS },
      {
        send: (frame) => this.#send(frame),
        started: (generation) => dispatch({ type: 'playout_started', generation }),
        audible: (generation) => dispatch({ type: 'playout_audible', generation }),
        finished: (generation, heardMs) => dispatch({ type: 'playout_finished', generation, heardMs }),
        starved: (generation) => dispatch({ type: 'playout_starved', generation }),
        resumed: (generation) => dispatch({ type: 'playout_resumed', generation }),
        room: () => this.#reply?.room(),
        framesSent: (count) => meter.framesOut(count),
        framesLost: (count) => meter.framesDropped('transport', count),
        lateTick: (skippedMs) => this.#onLateTick(skippedMs),
      },
    );
  }

  /** Ticks of the playout so far. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Those of them that came a packet (20 ms) or more late. */
  get lateTicks(): number {
    return this.#lateTicks;
  }

  /** From now on a frame leaves every 10 ms, two at a time. */
  start(): void {
    if (!this.#stopped) this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  begin(generation: number, turn: number | undefined): LiveReply {
    this.#player.begin(generation);
    this.#reply = this.#makeReply(generation, turn);
    return this.#reply;
  }

  /** A reply that nobody will hear: it came too late, to an old turn, or while the caller speaks. */
  refuse(turn: number | undefined): LiveReply {
    const reply = this.#makeReply(REFUSED, turn);
    reply.stop();
    return reply;
  }

  /** Falls silent now. The reply is returned to be told so; `heardMs` of it were played, with the words `text`. */
  cut(): { readonly heardMs: number; readonly text: string; readonly reply: LiveReply | undefined } {
    const reply = this.#reply;
    this.#reply = undefined;
    const cut = this.#player.cut();
    if (cut !== undefined && cut.droppedMs > 0) this.#stale(cut.droppedMs);
    const heardMs = cut?.heardMs ?? 0;
    return { heardMs, text: reply?.cutAt(heardMs) ?? '', reply };
  }

  /** Lowers the robot's voice, or brings it back. */
  duck(on: boolean): void {
    this.#player.duck(on);
  }

  /** Silences the reply without losing it, or goes on with it from the very sample. */
  hold(on: boolean): void {
    if (on) this.#player.hold();
    else this.#player.resume();
  }

  /** The reply was played to its end; returns its words. */
  finish(): string {
    return this.#reply?.finish() ?? '';
  }

  #makeReply(generation: number, turn: number | undefined): LiveReply {
    const { spoken, dispatch, run } = this.#options;
    const reply: LiveReply = new LiveReply(generation, turn, this.#player, {
      understood: (which) => dispatch({ type: 'understood', turn: which }),
      chosen: (which) => dispatch({ type: 'reply_chosen', generation: which }),
      firstAudio: (which) => dispatch({ type: 'reply_audio', generation: which }),
      spoken: (_, text, final) => run(() => spoken(reply, text, final)),
      failed: (which, error) => dispatch({ type: 'reply_failed', generation: which, error }),
      stale: (durationMs) => this.#stale(durationMs),
    });
    return reply;
  }

  readonly #tick = (): void => {
    const { clock } = this.#options;
    this.#ticks++;
    this.#player.tick(clock.nowMs());
    this.#reply?.played(this.#player.heardMs);
    if (!this.#stopped) this.#timer = clock.at(this.#player.nextTickMs ?? clock.nowMs(), this.#onTimer);
  };

  /** What a line throws must not leave the player half way through a cut. */
  #send(frame: Int16Array): boolean {
    try {
      this.#options.sent(frame);
      return this.#options.line.send(frame);
    } catch (error) {
      this.#options.run(() => {
        throw error;
      });
      return false;
    }
  }

  #stale(durationMs: number): void {
    this.#options.meter.framesDropped('reply_stale', Math.ceil(durationMs / PLAYOUT_FRAME_MS));
  }

  #onLateTick(skippedMs: number): void {
    const { meter, log } = this.#options;
    this.#lateTicks++;
    meter.lateTicks(1);
    if (skippedMs > 0) {
      meter.framesDropped('playout_late', Math.round(skippedMs / PLAYOUT_FRAME_MS));
      log.warn({ skippedMs }, 'playout stalled; the schedule was moved');
    }
  }
}
