import type { Condition, NoiseKind, Stream } from '../speech-set/format.js';
import type { StreamScore } from './score.js';

/** Noises that are not speech: a detector can be blamed for them. */
export const FIVE: readonly NoiseKind[] = ['white', 'pink', 'music', 'typing', 'street'];
export const STEADY: readonly NoiseKind[] = ['white', 'pink', 'typing', 'dtmf'];
export const LIVELY: readonly NoiseKind[] = ['music', 'street', 'alerts'];

export const isClean = ({ noise, variant }: Condition): boolean => noise === undefined && variant === undefined;

export function conditionName({ noise, snrDb, variant }: Condition): string {
  if (variant !== undefined) return noise === undefined ? variant : `${variant}, ${noise}`;
  if (noise === undefined) return 'clean';
  return snrDb === undefined ? noise : `${noise} ${snrDb} dB`;
}

/** Which streams a figure is about. */
export type Pick = (stream: Stream) => boolean;

export const dialogue = (fits: (condition: Condition) => boolean): Pick => (stream) => stream.kind === 'dialogue' && fits(stream.condition);
export const noisy = (snrDb: number): Pick => dialogue(({ noise, snrDb: snr, variant }) => noise !== undefined && variant === undefined && snr === snrDb && FIVE.includes(noise));
export const noiseAlone = (kinds: readonly NoiseKind[]): Pick => ({ kind, condition: { noise } }) => kind === 'noise' && noise !== undefined && kinds.includes(noise);

/** What the tables say of a contender on some streams. */
export interface Figures {
  readonly turns: number;
  readonly missedShare: number;
  readonly stuckShare: number;
  readonly onsetMs: readonly number[];
  readonly endMs: readonly number[];
  readonly falseStartsPerHour: number;
  readonly quietHours: number;
  readonly bursts: number;
  readonly burstFalseShare: number;
  readonly nextMissedShare: number;
  readonly pauses: readonly { readonly lengthMs: number; readonly cut: boolean }[];
}

const share = (part: number, whole: number): number => (whole === 0 ? NaN : part / whole);

export function figuresOf(scores: readonly StreamScore[]): Figures {
  const turns = scores.flatMap((score) => score.turns);
  const bursts = scores.flatMap((score) => score.bursts);
  const followed = bursts.filter((burst) => burst.nextMissed !== undefined);
  const quietHours = scores.reduce((sum, score) => sum + score.quietMs, 0) / 3_600_000;
  return {
    turns: turns.length,
    missedShare: share(turns.filter((turn) => turn.onsetMs === undefined).length, turns.length),
    stuckShare: share(turns.filter((turn) => turn.stuck).length, turns.length),
    onsetMs: turns.flatMap((turn) => turn.onsetMs ?? []),
    endMs: turns.flatMap((turn) => turn.endMs ?? []),
    falseStartsPerHour: share(scores.reduce((sum, score) => sum + score.falseStarts, 0), quietHours),
    quietHours,
    bursts: bursts.length,
    burstFalseShare: share(bursts.filter((burst) => burst.falseStart).length, bursts.length),
    nextMissedShare: share(followed.filter((burst) => burst.nextMissed === true).length, followed.length),
    pauses: scores.flatMap((score) => score.pauses),
  };
}
