import { z } from 'zod';
import { LLM_SCHEMA, REALTIME_SCHEMA, STT_SCHEMA, TTS_SCHEMA } from './providers.js';

/** Hearing of one robot, where it differs from the node's settings. */
const vad = z.strictObject({
  detector: z.enum(['silero', 'webrtc', 'energy']).optional(),
  min_speech_ms: z.int().min(0).max(2000).optional(),
  min_silence_ms: z.int().min(20).max(5000).optional(),
  pre_roll_ms: z.int().min(0).max(2000).optional(),
  max_utterance_ms: z.int().min(3000).max(600_000).optional(),
});

const phrases = z.array(z.string().trim().min(1).max(60)).max(200);

/** How a robot whose interruptions are `confirm` tells them from a cough and from "uh-huh". */
const confirm = z.strictObject({
  meant_ms: z.int().min(100).max(3000).optional(),
  resume_ms: z.int().min(40).max(2000).optional(),
  far_db: z.number().min(-60).max(0).optional(),
  loud_db: z.number().min(0).max(40).optional(),
  backchannels: phrases.optional(),
  commands: phrases.optional(),
});

/** When the caller counts as having finished. */
const turn = z.strictObject({
  /** By the sound of the voice and the words, within bounds around `vad.min_silence_ms`; or by that silence alone. */
  end: z.enum(['prosody', 'fixed']).optional(),
  min_silence_ms: z.int().min(100).max(5000).optional(),
  max_silence_ms: z.int().min(100).max(5000).optional(),
});

const sentence = z.string().trim().min(1).max(2000);

const common = {
  description: z.string().max(500).optional(),
  /** BCP 47: what the caller speaks, and the robot. */
  language: z.string().regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, 'expected a language such as en-US or ru-RU').default('en-US'),
  vad: vad.optional(),
  turn: turn.optional(),
  /** Whether noise is taken out of the caller's voice before anybody hears it. Default: the node's DENOISE. */
  denoise: z.boolean().optional(),
  /** Whether speech of the caller stops the robot: at once, once it is clear that he means it, or not before it has finished. */
  interruptions: z.enum(['immediate', 'confirm', 'off']).optional(),
  confirm: confirm.optional(),
  /** Whether the robot's own voice, come back from the caller's loudspeaker, is told from his. */
  echo_guard: z.boolean().default(true),
  /** Said first, unless there is a greeting.wav. */
  greeting_text: sentence.optional(),
  /** The words of fallback.wav, or said by the robot's own voice where there is no such file. */
  fallback_text: sentence.optional(),
  /** The same of back.wav: said after the call was cut off, instead of the greeting. */
  back_text: sentence.optional(),
  /** The same of goodbye.wav: said when the node has to end the call. */
  goodbye_text: sentence.optional(),
};

const tone = z.strictObject({
  frequency_hz: z.number().min(50).max(3400),
  duration_ms: z.int().min(20).max(30_000),
  level_dbfs: z.number().min(-60).max(0),
});

/** JSON Schema of a tool's arguments; only its outermost form is looked at. */
const argumentsSchema = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.union([z.looseObject({}), z.boolean()])).optional(),
  required: z.array(z.string()).optional(),
});

const tool = z.strictObject({
  name: z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/, 'expected letters, digits, - and _, at most 64').refine((name) => name !== 'end_call', 'end_call is the name of a tool that every robot has'),
  description: z.string().min(1).max(2000),
  parameters: argumentsSchema.default({ type: 'object', properties: {} }),
  /** The arguments go there as JSON by POST; its origin must be on the node's list TOOL_URLS. */
  url: z.url({ protocol: /^https?$/, error: 'expected a URL beginning with http:// or https://' }),
  timeout_ms: z.int().min(100).max(60_000).default(5000),
});

const tools = z
  .array(tool)
  .max(32)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'expected names that differ')
  .default([]);

/** What talks by itself, turn by turn. */
const talking = {
  tools,
  /** Whether the robot may hang up. */
  end_call: z.boolean().default(true),
};

export const TRACK_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const track = z.strictObject({
  /** When to play it: what the language model chooses by. */
  description: z.string().min(1).max(500),
  /** The words of it, for the page. */
  text: z.string().max(2000).optional(),
});

/** `robots/<name>/config.json`. Unknown keys are faults: a misspelt one would silently do nothing. */
export const ROBOT_SCHEMA = z.discriminatedUnion('mode', [
  z.strictObject({ ...common, mode: z.literal('echo') }),
  z.strictObject({ ...common, mode: z.literal('tone'), tone: tone.optional() }),
  z.strictObject({
    ...common,
    ...talking,
    mode: z.literal('pipeline'),
    stt: STT_SCHEMA,
    llm: LLM_SCHEMA,
    tts: TTS_SCHEMA,
    /** Whether the model may begin while the caller has not quite finished. */
    speculate: z.boolean().default(true),
    /** Messages of the conversation the model is shown. */
    history_messages: z.int().min(2).max(200).default(40),
  }),
  z.strictObject({ ...common, ...talking, mode: z.literal('realtime'), realtime: REALTIME_SCHEMA }),
  z.strictObject({
    ...common,
    mode: z.literal('llm_script'),
    stt: STT_SCHEMA,
    llm: LLM_SCHEMA,
    /** tracks/<name>.wav by name. */
    tracks: z.record(z.string().regex(TRACK_NAME, 'expected a name of small letters, digits, - and _'), track),
    /** Played when the model chooses nothing that there is. */
    fallback_track: z.string().regex(TRACK_NAME),
    history_messages: z.int().min(2).max(200).default(40),
  }),
]);

export type RobotConfig = z.output<typeof ROBOT_SCHEMA>;
export type RobotMode = RobotConfig['mode'];
export type ConfigOf<M extends RobotMode> = Extract<RobotConfig, { readonly mode: M }>;
export type ToolConfig = z.output<typeof tool>;
