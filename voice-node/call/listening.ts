import { VoiceNodeError } from '../domain/errors.js';
import type { SpeechEvent } from '../domain/speech.js';
import type { Seen } from '../hearing/ear.js';
import { Hearing } from '../hearing/hearing.js';
import type { CallOptions, CallPorts } from './options.js';
import { VadStrip } from './vad-strip.js';

/** While the caller speaks and no audio has come for this long, the utterance is taken as ended. */
const AUDIO_LOST_MS = 1000;

export interface ListeningEvents {
  speech(event: SpeechEvent): void;
  /** The next 20 ms of the caller, borrowed. */
  hear(frame: Int16Array): void;
  /** Hearing does not work any more. */
  failed(error: VoiceNodeError): void;
  /** Runs code of the call's own; never throws. */
  run(task: () => void): void;
  /** Time since the call began. */
  atMs(): number;
}

/** The caller's side of one call: hearing with what it needs, and the strip that shows what it made of each frame. */
export class Listening {
  readonly #ports: CallPorts;
  readonly #events: ListeningEvents;
  readonly #hearing: Hearing;
  readonly #strip: VadStrip;
  #lastAudioMs = 0;

  /** Throws for audio that cannot be heard at the call's rate. */
  constructor(options: CallOptions, ports: CallPorts, events: ListeningEvents) {
    const { detector, denoiser, line } = ports;
    this.#ports = ports;
    this.#events = events;
    this.#strip = new VadStrip((event) => line.publish(event));
    this.#hearing = new Hearing(
      {
        callRateHz: options.rateHz,
        detector,
        denoiser,
        turns: options.turns,
        confirm: options.interruptions === 'confirm' ? options.confirm : undefined,
        endings: options.endings,
        echoGuard: options.echoGuard,
      },
      { frame: (frame, seen) => this.#onFrame(frame, seen), speech: (event) => events.speech(event) },
    );
  }

  /** Never throws. */
  audio(samples: Int16Array): void {
    const { clock, meter } = this.#ports;
    const beginMs = clock.nowMs();
    this.#lastAudioMs = beginMs;
    try {
      this.#hearing.push(samples, beginMs);
      meter.frameIn(clock.nowMs() - beginMs);
    } catch (error) {
      this.#deaf(error);
    }
  }

  setRobotSpeaking(on: boolean): void {
    this.#hearing.setRobotSpeaking(on);
  }

  /** What the robot says: each frame that was handed to the wire, borrowed. */
  played(frame: Int16Array): void {
    this.#hearing.played(frame);
  }

  /** What the caller has said so far in this utterance, as far as it was recognised. */
  words(text: string, final: boolean): void {
    this.#hearing.words(text, final);
  }

  /** Ends the utterance if the caller's audio has stopped coming. */
  check(): void {
    if (this.#ports.clock.nowMs() - this.#lastAudioMs < AUDIO_LOST_MS) return;
    try {
      this.#hearing.flush();
    } catch (error) {
      this.#deaf(error);
    }
  }

  reset(): void {
    this.#hearing.reset();
  }

  /** The strip's last frames go out. */
  finish(): void {
    this.#strip.flush();
  }

  /** Only when no frame can be on its way any more. */
  close(): void {
    this.#hearing.close();
  }

  #onFrame(frame: Int16Array, seen: Seen): void {
    this.#strip.push(seen, this.#events.atMs());
    this.#events.hear(frame);
  }

  #deaf(error: unknown): void {
    if (error instanceof VoiceNodeError) return this.#events.failed(error);
    this.#events.run(() => {
      throw error;
    });
  }
}
