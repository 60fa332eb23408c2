import type { Audio } from '../domain/audio.js';
import type { RobotConfig } from './schema/robot.js';

/** Words with their recording, where there is one. */
export interface Phrase {
  readonly text: string | undefined;
  /** At the rate of the wire, decoded and resampled once. */
  readonly audio: Audio | undefined;
}

/** A robot as it was read: nothing of it changes. A changed folder gives a new one. */
export interface Robot {
  readonly name: string;
  readonly config: RobotConfig;
  /** prompt.txt; '' where there is none. */
  readonly prompt: string;
  /** greeting.wav or greeting_text; undefined: the robot waits for its caller to speak. */
  readonly greeting: Phrase | undefined;
  /** fallback.wav or fallback_text; what the caller hears when nothing helps. */
  readonly fallback: Phrase | undefined;
  /** back.wav or back_text; what he hears after the call was cut off. */
  readonly back: Phrase | undefined;
  /** goodbye.wav or goodbye_text; what he hears when the node has to end the call. */
  readonly goodbye: Phrase | undefined;
  /** tracks/*.wav by name. */
  readonly tracks: ReadonlyMap<string, Audio>;
  /** The robot's own .env. */
  readonly env: Readonly<Record<string, string>>;
}
