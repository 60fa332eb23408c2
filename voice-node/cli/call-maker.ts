import { Call } from '../call/call.js';
import type { CallJournal, CallOptions } from '../call/options.js';
import type { CallLimits } from '../call/state.js';
import type { Config } from '../config.js';
import { FRAME_MS } from '../domain/audio.js';
import type { Clock } from '../domain/clock.js';
import type { Denoiser } from '../domain/denoiser.js';
import type { Said } from '../domain/journal.js';
import type { Log, Meter } from '../domain/observer.js';
import type { DetectorKind, SpeechRule } from '../domain/speech.js';
import type { TurnModel } from '../domain/turn-model.js';
import type { Line } from '../domain/transport.js';
import { DEFAULT_END_OF_TURN, endOfTurnOptions } from '../hearing/end-of-turn.js';
import type { EndingsOptions } from '../hearing/endings.js';
import { confirmOptions, type ConfirmOptions } from '../hearing/interruption.js';
import { turnOptions, type TurnOptions } from '../hearing/turns.js';
import { DEFAULT_WORDS } from '../hearing/words.js';
import type { DenoiserFactory } from '../providers/denoise/rnnoise.js';
import { loadDetectors, type DetectorFactory } from '../providers/vad/create.js';
import { ENERGY_RULE } from '../providers/vad/energy.js';
import { SILERO_RULE } from '../providers/vad/silero.js';
import type { Robot } from '../robots/robot.js';
import type { Role } from './robot-cast.js';

const CONNECT_LIMIT_MS = 20_000;
/** A page that is loaded anew says good-bye and is back within this. */
const HUNG_UP_LIMIT_MS = 1000;
const REPLY_GAP_LIMIT_MS = 10_000;
const REPLY_LIMIT_MS = 600_000;
/** What an answer about a pause is waited for. */
export const TURN_MODEL_LIMIT_MS = 150;

/** Loads the detectors that `robots` need, as the configuration sets them. */
export function loadConfiguredDetectors(config: Config, robots: readonly Robot[]): Promise<DetectorFactory> {
  const kinds = new Set<DetectorKind>(robots.map((robot) => detectorOf(config, robot)));
  const { VAD_ENERGY_SPEECH_FRAMES: speech, VAD_ENERGY_INTERRUPT_FRAMES: interrupt } = config;
  return loadDetectors({
    kinds: [...kinds],
    webrtcMode: config.VAD_WEBRTC_MODE,
    energyThresholdRms: config.VAD_ENERGY_THRESHOLD_RMS,
    rules: {
      silero: { ...surer(SILERO_RULE, config.VAD_SILERO_START), stop: config.VAD_SILERO_STOP },
      energy: { ...ENERGY_RULE, startFrames: speech, startWindow: speech, interruptFrames: interrupt, interruptWindow: interrupt },
    },
  });
}

/** One frame that is sure enough by itself cannot be less sure than one of several. */
const surer = (rule: SpeechRule, start: number): SpeechRule => ({
  ...rule,
  start,
  certain: Math.max(rule.certain, start),
  interruptCertain: Math.max(rule.interruptCertain, start),
});

/** What the calls of all robots share of hearing. */
export interface Hearers {
  readonly detectors: DetectorFactory;
  readonly denoisers: DenoiserFactory;
  /** Asked whether a caller has finished; undefined: nobody gave one. */
  readonly turnModel: TurnModel | undefined;
}

export interface CallParts {
  readonly callId: string;
  readonly robot: Robot;
  /** The robot's part in this call; given back when the call is over. */
  readonly role: Role;
  readonly line: Line;
  /** What was said before, where the call goes on after its process has died. */
  readonly past?: readonly Said[] | undefined;
  /** Its room was made by the caller's joining. */
  readonly byCaller?: boolean;
  /** How long ago it was accepted. */
  readonly ageMs?: number;
  readonly journal?: CallJournal | undefined;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/**
 * A call of `robot`, put together as the configuration says; the robot's own settings come first. Where that
 * fails the line is closed, and the error thrown.
 */
export function makeCall(config: Config, { detectors, denoisers, turnModel }: Hearers, parts: CallParts): Call {
  const { robot, role, callId, line, past, byCaller = false, ageMs = 0, journal, clock, meter, log } = parts;
  const kind = detectorOf(config, robot);
  const turns = turnsOf(config, robot, kind);
  const options: CallOptions = {
    callId,
    robot: robot.name,
    rateHz: config.CALL_RATE_HZ,
    turns,
    limits: limitsOf(config),
    interruptions: role.able ? interruptionsOf(robot) : 'off',
    confirm: confirmOf(robot),
    endings: endingsOf(robot, turns.minSilenceMs, turnModel),
    echoGuard: robot.config.echo_guard,
    phrases: role.phrases,
    replyQueueMs: config.REPLY_QUEUE_MS,
    past,
    byCaller,
    ageMs,
  };
  let denoiser: Denoiser | undefined;
  try {
    const detector = detectors.create(kind, config.CALL_RATE_HZ);
    denoiser = (robot.config.denoise ?? config.DENOISE) ? denoisers.create() : undefined;
    const call = new Call(options, { line, clock, meter, journal, log, orchestrator: role.orchestrator, detector, denoiser });
    void call.done.then(() => role.release());
    return call;
  } catch (error) {
    denoiser?.close();
    role.release();
    void line.close();
    throw error;
  }
}

/**
 * A model that is not to be interrupted is not stopped by our own hearing either. Where there are words to go by,
 * nobody is cut off by a cough unless the robot wants it so.
 */
function interruptionsOf({ config }: Robot): CallOptions['interruptions'] {
  if (config.mode === 'realtime' && !config.realtime.interrupt_response) return 'off';
  return config.interruptions ?? (config.mode === 'pipeline' || config.mode === 'llm_script' ? 'confirm' : 'immediate');
}

/** Robots that only say something back are used to measure with: theirs is a silence of fixed length. */
function endingsOf({ config }: Robot, silenceMs: number, model: TurnModel | undefined): EndingsOptions | undefined {
  const { turn, mode } = config;
  const end = turn?.end ?? (mode === 'echo' || mode === 'tone' ? 'fixed' : 'prosody');
  if (end === 'fixed') return undefined;
  const { minSilenceMs, maxSilenceMs } = DEFAULT_END_OF_TURN;
  const bounds = { minSilenceMs: Math.min(turn?.min_silence_ms ?? minSilenceMs, silenceMs), maxSilenceMs: Math.max(turn?.max_silence_ms ?? maxSilenceMs, silenceMs) };
  return { endOfTurn: endOfTurnOptions({ silenceMs, ...bounds, modelWaitMs: model === undefined ? undefined : TURN_MODEL_LIMIT_MS }), model };
}

/** The robot's own lists take the place of ours. */
function confirmOf({ config }: Robot): ConfirmOptions {
  const own = config.confirm;
  const words = { backchannels: own?.backchannels ?? DEFAULT_WORDS.backchannels, commands: own?.commands ?? DEFAULT_WORDS.commands };
  return confirmOptions(
    {
      ...(own?.meant_ms === undefined ? {} : { meantMs: own.meant_ms }),
      ...(own?.resume_ms === undefined ? {} : { resumeMs: own.resume_ms }),
      ...(own?.far_db === undefined ? {} : { farDb: own.far_db }),
      ...(own?.loud_db === undefined ? {} : { loudDb: own.loud_db }),
    },
    words,
  );
}

function detectorOf(config: Config, robot: Robot): DetectorKind {
  return robot.config.vad?.detector ?? config.VAD;
}

function turnsOf(config: Config, robot: Robot, kind: DetectorKind): TurnOptions {
  const own = robot.config.vad;
  const silenceMs = kind === 'energy' ? config.VAD_ENERGY_SILENCE_FRAMES * FRAME_MS : config.VAD_MIN_SILENCE_MS;
  return turnOptions({
    minSpeechMs: own?.min_speech_ms ?? config.VAD_MIN_SPEECH_MS,
    minSilenceMs: own?.min_silence_ms ?? silenceMs,
    preRollMs: own?.pre_roll_ms ?? config.VAD_PRE_ROLL_MS,
    maxUtteranceMs: own?.max_utterance_ms ?? config.VAD_MAX_UTTERANCE_MS,
  });
}

const limitsOf = (config: Config): CallLimits => ({
  connectMs: CONNECT_LIMIT_MS,
  noCallerMs: config.NO_CALLER_TIMEOUT_MS,
  hungUpMs: HUNG_UP_LIMIT_MS,
  idleMs: config.IDLE_TIMEOUT_MS,
  answerMs: config.ANSWER_TIMEOUT_MS,
  replyGapMs: REPLY_GAP_LIMIT_MS,
  replyMs: REPLY_LIMIT_MS,
  callMs: config.MAX_CALL_MS,
});
