import { PLAYOUT_FRAME_MS, PLAYOUT_FRAME_SAMPLES, WIRE_RATE_HZ } from '../domain/audio.js';
import type { MonotonicMs } from '../domain/time.js';
import { samplesIn } from '../domain/time.js';
import { fadeInInPlace, fadeOutInPlace } from '../dsp/fade.js';
import { GainRamp } from '../dsp/gain-ramp.js';
import { peak } from '../dsp/level.js';
import { SampleRing } from '../dsp/ring.js';
import { Pacer } from './pacer.js';
import { WireConverter } from './wire-converter.js';

/**
 * Two frames of 10 ms are sent together every 20 ms: an Opus packet holds 20 ms, so a lone first frame would
 * wait 10 ms inside the encoder for the second one (measured: 47 ms one way against 36).
 */
const FRAMES_PER_PACKET = 2;
/** A quieter frame is not the audible beginning of an answer: -60 dBFS. */
const AUDIBLE_PEAK = 33;
const FADE_MS = 5;
/** Edges where a reply ends, starves and goes on; short, so that little speech is lost. */
const EDGE_FADE_MS = 2.5;

/** While it may be that the caller interrupts, the reply is 12 dB down: he hears that he is heard. */
const DUCKED_GAIN = 0.25;
/** Down before he has said a syllable, up again so that nobody notices. */
const DUCK_MS = 5;
const UNDUCK_MS = 60;

export interface PlayerOptions {
  /** Bound of the queue of reply audio. */
  readonly queueMs: number;
  /** How many late packets one tick may send at once. */
  readonly maxCatchUpPackets: number;
}

/**
 * Where the frames go, and what is told about the reply. Called synchronously, after the frame in question was
 * sent; must not throw. May begin and cut replies from within.
 */
export interface PlayerListener {
  /** Hands 480 samples (borrowed) to the wire; false: not taken. */
  send(frame: Int16Array): boolean;
  /** First frame of the reply. */
  started(generation: number): void;
  /** First audible frame of the reply: t6. */
  audible(generation: number): void;
  /** All of an ended reply was handed over. */
  finished(generation: number, heardMs: number): void;
  /** Nothing left to play although the reply has not ended. */
  starved(generation: number): void;
  /** Audio again after `starved`. */
  resumed(generation: number): void;
  /** The queue has room again. */
  room(): void;
  framesSent(count: number): void;
  /** Of a reply, and not taken. Silence that is refused is missed by nobody: a line that is made again refuses 100 frames a second. */
  framesLost(count: number): void;
  lateTick(skippedMs: number): void;
}

/** Timing of a cut. */
export interface Cut {
  readonly heardMs: number;
  /** Audio that was queued and will never be played. */
  readonly droppedMs: number;
}

/**
 * One call's voice: takes the audio of the current reply, hands out 10 ms frames at the pace of speech, and
 * silence between replies. The stream of frames never pauses: a receiver takes a pause for lateness and
 * answers with 600 ms of delay at the next word (measured; Opus DTX makes the silence nearly free).
 *
 * Only audio of the current generation is accepted: this is the last gate before the wire.
 * Time is an argument; `tick` and `write` allocate nothing.
 */
export class Player {
  readonly #listener: PlayerListener;
  readonly #queue: SampleRing;
  readonly #converter: WireConverter;
  readonly #pacer: Pacer;
  readonly #frame = new Int16Array(PLAYOUT_FRAME_SAMPLES);
  readonly #fadeSamples = samplesIn(FADE_MS, WIRE_RATE_HZ);
  readonly #edgeSamples = samplesIn(EDGE_FADE_MS, WIRE_RATE_HZ);
  #generation = 0;
  #active = false;
  #ended = false;
  #started = false;
  #audible = false;
  #starved = false;
  #wantsRoom = false;
  #heardSamples = 0;
  /** The last sample sent: where it is not 0, silence may only come by way of a fade. */
  #last = 0;
  readonly #gain = new GainRamp();
  #held = false;
  /** The next frame fades in: the reply goes on after it was held. */
  #rises = false;

  constructor(options: PlayerOptions, listener: PlayerListener) {
    this.#listener = listener;
    this.#queue = new SampleRing(samplesIn(options.queueMs, WIRE_RATE_HZ));
    this.#converter = new WireConverter(this.#queue);
    this.#pacer = new Pacer(FRAMES_PER_PACKET * PLAYOUT_FRAME_MS, options.maxCatchUpPackets);
  }

  /** When `tick` wants to be called next; undefined before the first call. */
  get nextTickMs(): MonotonicMs | undefined {
    return this.#pacer.nextMs;
  }

  get queuedMs(): number {
    return (this.#queue.length / WIRE_RATE_HZ) * 1000;
  }

  get heardMs(): number {
    return (this.#heardSamples / WIRE_RATE_HZ) * 1000;
  }

  /** A new reply takes the place of whatever was there; that must have been cut or finished before. */
  begin(generation: number): void {
    this.#generation = generation;
    this.#active = true;
    this.#ended = false;
    this.#started = false;
    this.#audible = false;
    this.#starved = false;
    this.#heardSamples = 0;
    this.#held = false;
    this.#rises = false;
    this.#gain.reset();
    this.#queue.clear();
    this.#converter.reset();
  }

  /**
   * Queues `samples[from..]`. Returns how many samples were taken, 0 when the queue is full (`room` is then
   * called once there is space), or -1 when `generation` is not the one being played.
   */
  write(generation: number, samples: Int16Array, from: number, rateHz: number): number {
    if (!this.#active || this.#ended || generation !== this.#generation) return -1;
    const taken = this.#converter.write(samples, from, rateHz);
    if (from + taken < samples.length) this.#wantsRoom = true;
    return taken;
  }

  /** No more audio comes for `generation`. */
  end(generation: number): void {
    if (!this.#active || this.#ended || generation !== this.#generation) return;
    this.#converter.drain();
    this.#ended = true;
  }

  /**
   * Falls silent now: the next 5 ms are sent at once, faded to zero, and the rest is forgotten. Nothing of the
   * reply is sent after this returns. Undefined when nothing was being played.
   */
  cut(): Cut | undefined {
    if (!this.#active) return undefined;
    this.#active = false;
    const queued = this.#queue.length;
    const faded = this.#held ? 0 : this.#fadeOutNow();
    this.#held = false;
    this.#queue.clear();
    this.#wakeWriter();
    return { heardMs: this.heardMs, droppedMs: ((queued - faded) / WIRE_RATE_HZ) * 1000 };
  }

  /** Lowers the reply by 12 dB, or brings it back; heard with the next packet. */
  duck(on: boolean): void {
    if (this.#active) this.#gain.to(on ? DUCKED_GAIN : 1, samplesIn(on ? DUCK_MS : UNDUCK_MS, WIRE_RATE_HZ));
  }

  /**
   * Falls silent now, as `cut` does, but keeps the reply: `resume` goes on with the next sample. What comes
   * meanwhile is queued, up to the queue's bound.
   */
  hold(): void {
    if (!this.#active || this.#held) return;
    this.#held = true;
    this.#fadeOutNow();
  }

  /** Goes on after `hold`, at full level: no sample is left out, none comes twice. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#rises = true;
    this.#gain.reset();
  }

  /** Sends what is due at `nowMs`. */
  tick(nowMs: MonotonicMs): void {
    const due = this.#pacer.tick(nowMs);
    if (due.late) this.#listener.lateTick(due.skipped * FRAMES_PER_PACKET * PLAYOUT_FRAME_MS);
    for (let i = due.packets * FRAMES_PER_PACKET; i > 0; i--) this.#sendNext();
    if (this.#wantsRoom && this.#queue.free * 2 >= this.#queue.capacity) this.#wakeWriter();
  }

  #sendNext(): void {
    if (!this.#active || this.#held || this.#isGathering()) return this.#sendSilence(1);
    const frame = this.#frame;
    const generation = this.#generation;
    const count = this.#queue.read(frame);
    if (!this.#gain.isUnity) this.#gain.apply(frame, count);
    const begins = count > 0 && !this.#started;
    const resumes = count > 0 && this.#starved;
    if ((resumes || this.#rises) && count > 0) {
      this.#rises = false;
      fadeInInPlace(frame, 0, Math.min(count, this.#edgeSamples));
    }
    const short = count < frame.length;
    if (short) this.#fadeAway(count, Math.min(count, frame.length - this.#edgeSamples), this.#edgeSamples);
    const heard = this.#send(frame) && !this.#audible && peak(frame) >= AUDIBLE_PEAK;
    this.#heardSamples += count;
    const ends = short && this.#ended;
    const starves = short && !this.#ended;
    this.#started ||= begins;
    this.#audible ||= heard;
    this.#starved = starves;
    this.#active = !ends;
    const { heardMs } = this;
    const listener = this.#listener;
    if (begins) listener.started(generation);
    if (resumes) listener.resumed(generation);
    if (heard) listener.audible(generation);
    if (starves) listener.starved(generation);
    if (ends) listener.finished(generation, heardMs);
  }

  /** Sends the next 5 ms at once, faded to zero, and takes their place in the schedule; returns how many samples of the reply that took. */
  #fadeOutNow(): number {
    if (!this.#started || (this.#queue.length === 0 && this.#last === 0)) return 0;
    const frame = this.#frame;
    const faded = this.#queue.readInto(frame, 0, this.#fadeSamples);
    if (!this.#gain.isUnity) this.#gain.apply(frame, faded);
    this.#fadeAway(faded, 0, this.#fadeSamples);
    this.#send(frame);
    this.#sendSilence(FRAMES_PER_PACKET - 1);
    this.#pacer.countAhead();
    this.#heardSamples += faded;
    return faded;
  }

  /**
   * Lets the frame, of which `count` samples are filled, fade to zero over `length` samples from index `from`.
   * What is missing holds the last sample's value: audio that simply stops is a click.
   */
  #fadeAway(count: number, from: number, length: number): void {
    const frame = this.#frame;
    frame.fill(count > 0 ? (frame[count - 1] as number) : this.#last, count);
    fadeOutInPlace(frame, from, length);
  }

  /** Before the first word and after a gap: waits until a whole packet is there, so as not to stutter. */
  #isGathering(): boolean {
    return (!this.#started || this.#starved) && !this.#ended && this.#queue.length < FRAMES_PER_PACKET * PLAYOUT_FRAME_SAMPLES;
  }

  #sendSilence(frames: number): void {
    for (let i = 0; i < frames; i++) {
      this.#frame.fill(0);
      this.#handOver(this.#frame);
    }
  }

  #send(frame: Int16Array): boolean {
    const taken = this.#handOver(frame);
    if (!taken) this.#listener.framesLost(1);
    return taken;
  }

  #handOver(frame: Int16Array): boolean {
    this.#last = frame[frame.length - 1] as number;
    const taken = this.#listener.send(frame);
    if (taken) this.#listener.framesSent(1);
    return taken;
  }

  #wakeWriter(): void {
    if (!this.#wantsRoom) return;
    this.#wantsRoom = false;
    this.#listener.room();
  }
}
