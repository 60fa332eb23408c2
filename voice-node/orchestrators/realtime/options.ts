import type { Audio } from '../../domain/audio.js';
import type { RealtimeModel } from '../../domain/realtime.js';
import type { ToolRunner } from '../../domain/tools.js';

/** What the robot says first: words for the model to say, or a recording with its words. */
export interface RealtimeGreeting {
  readonly text: string | undefined;
  readonly audio: Audio | undefined;
}

export interface RealtimeRobotOptions {
  readonly model: RealtimeModel;
  /** The prompt. */
  readonly instructions: string;
  /** BCP 47. */
  readonly language: string;
  readonly tools: ToolRunner | undefined;
  /** Whether the robot may hang up. */
  readonly endCall: boolean;
  readonly greeting: RealtimeGreeting | undefined;
  /** 0 to 1, for pauses between attempts. Default: Math.random. */
  readonly random?: (() => number) | undefined;
}
