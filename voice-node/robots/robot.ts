import { z } from 'zod';

/** Hearing of one robot, where it differs from the node's settings. */
const vad = z.strictObject({
  detector: z.enum(['silero', 'webrtc', 'energy']).optional(),
  minSpeechMs: z.int().min(0).max(2000).optional(),
  minSilenceMs: z.int().min(20).max(5000).optional(),
  preRollMs: z.int().min(0).max(2000).optional(),
  maxUtteranceMs: z.int().min(3000).max(600_000).optional(),
});

const common = { description: z.string().max(500).optional(), vad: vad.optional() };

const tone = z.strictObject({
  frequencyHz: z.number().min(50).max(3400),
  durationMs: z.int().min(20).max(30_000),
  levelDbfs: z.number().min(-60).max(0),
});

/** `robots/<name>/config.json`. Unknown keys are faults: a misspelt one would silently do nothing. */
export const ROBOT_SCHEMA = z.discriminatedUnion('mode', [
  z.strictObject({ ...common, mode: z.literal('echo') }),
  z.strictObject({ ...common, mode: z.literal('tone'), tone: tone.optional() }),
]);

export type RobotConfig = z.output<typeof ROBOT_SCHEMA>;

export interface Robot {
  readonly name: string;
  readonly config: RobotConfig;
}
