import type { Audio, CallRateHz } from '../domain/audio.js';
import type { Clock } from '../domain/clock.js';
import type { Denoiser } from '../domain/denoiser.js';
import type { Said } from '../domain/journal.js';
import type { Log, Meter } from '../domain/observer.js';
import type { Orchestrator } from '../domain/orchestrator.js';
import type { SpeechDetector } from '../domain/speech.js';
import type { Line } from '../domain/transport.js';
import type { EndingsOptions } from '../hearing/endings.js';
import type { ConfirmOptions } from '../hearing/interruption.js';
import type { TurnOptions } from '../hearing/turns.js';
import type { CallLimits, CallRules, PhraseName } from './state.js';

export interface CallOptions {
  readonly callId: string;
  readonly robot: string;
  readonly rateHz: CallRateHz;
  readonly turns: TurnOptions;
  readonly limits: CallLimits;
  readonly interruptions: CallRules['interruptions'];
  /** How it is decided what interrupts the robot; wanted where `interruptions` is `confirm`. */
  readonly confirm?: ConfirmOptions | undefined;
  /** How it is decided that the caller has finished. Default: by the silence alone. */
  readonly endings?: EndingsOptions | undefined;
  /** Whether the robot's own voice, come back, is told from the caller's. Default false. */
  readonly echoGuard?: boolean;
  /** Bound of the queue of reply audio. */
  readonly replyQueueMs: number;
  /** What the caller hears of recordings; where there is none he hears nothing. */
  readonly phrases: Phrases;
  /** What was said before, where the call goes on after its process has died. Default: it is a new call. */
  readonly past?: readonly Said[] | undefined;
  /** It was the caller's joining that made the room: a robot that finds nobody there need not wait for him. Default false. */
  readonly byCaller?: boolean;
  /** How long ago the call was accepted, in ms: its longest duration counts from there. Default 0. */
  readonly ageMs?: number;
}

/** A recorded sentence and its words. */
export interface Phrase {
  readonly text: string;
  readonly audio: Audio;
}

export type Phrases = Readonly<Partial<Record<PhraseName, Phrase | undefined>>>;

/** Where what is said is kept. */
export interface CallJournal {
  /** Next in order; `text` is not empty and at most MAX_SAID_CHARACTERS long. Returns at once. */
  said(said: Said): void;
}

/** Everything a call meets the world through. The call closes `line`, `detector` and `denoiser`. */
export interface CallPorts {
  readonly line: Line;
  readonly orchestrator: Orchestrator;
  readonly detector: SpeechDetector;
  /** Cleans the caller's voice before anybody hears it. Default: none. */
  readonly denoiser?: Denoiser | undefined;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Default: nobody keeps what is said. */
  readonly journal?: CallJournal | undefined;
  readonly log: Log;
}
