import bindings from '@livekit/rtc-ffi-bindings';
import { AudioFrame, AudioSource, LocalAudioTrack, TrackPublishOptions, TrackSource, type Room } from '@livekit/rtc-node';
import { PLAYOUT_FRAME_SAMPLES, WIRE_RATE_HZ } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { FrameSender, hasNativeAudio } from './native-audio.js';

/** Frames that native code may still be working on: 160 ms. More means that it has stopped taking them. */
const MAX_IN_FLIGHT = 16;

/**
 * The robot's voice in the room: an AudioSource without a queue, so that nothing is left to flush after an
 * interruption. It takes frames of exactly 10 ms; the pace is the player's.
 */
export class ReplyTrack {
  readonly #source = new AudioSource(WIRE_RATE_HZ, 1, 0);
  readonly #sender: Pick<FrameSender, 'send' | 'close'>;
  readonly #settled = (): void => {
    this.#inFlight--;
  };
  #inFlight = 0;
  #closed = false;

  constructor() {
    this.#sender = hasNativeAudio() ? new FrameSender(this.#source, this.#settled) : throughLibrary(this.#source, this.#settled);
  }

  /** Resolves once it is published; the promise inside, once somebody listens to it. */
  async publish(room: Room, bitrateBps: number): Promise<{ readonly subscribed: Promise<void> }> {
    const track = LocalAudioTrack.createAudioTrack('robot', this.#source);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    // The stream of frames never pauses; DTX makes its silence nearly free.
    options.dtx = true;
    options.red = true;
    options.audioEncoding = new bindings.AudioEncoding({ maxBitrate: BigInt(bitrateBps) });
    if (room.localParticipant === undefined) throw new VoiceNodeError('transport_publish', 'the room has no local participant');
    const publication = await room.localParticipant.publishTrack(track, options);
    return { subscribed: publication.waitForSubscription() };
  }

  /** Hands over one frame of 480 samples; false where native code does not take any more. Never throws. */
  send(samples: Int16Array): boolean {
    if (this.#closed || this.#inFlight >= MAX_IN_FLIGHT || samples.length !== PLAYOUT_FRAME_SAMPLES) return false;
    this.#inFlight++;
    try {
      this.#sender.send(samples);
    } catch {
      // Native code that has given up: as one that takes no more.
      this.#inFlight--;
      return false;
    }
    return true;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sender.close();
    await this.#source.close();
  }
}

/** By rtc-node's own way, where the short one is not installed. */
function throughLibrary(source: AudioSource, settled: () => void): Pick<FrameSender, 'send' | 'close'> {
  // Native code takes the whole buffer from its start whatever the view says, and copies it before
  // captureFrame returns: one buffer of our own, exactly one frame long, serves every frame.
  const frame = new AudioFrame(new Int16Array(PLAYOUT_FRAME_SAMPLES), WIRE_RATE_HZ, 1, PLAYOUT_FRAME_SAMPLES);
  return {
    send: (samples) => {
      frame.data.set(samples);
      source.captureFrame(frame).then(settled, settled);
    },
    close: () => undefined,
  };
}
