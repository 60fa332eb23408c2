/**
 * The labelled set, as `scripts/speech-set` leaves it in `.cache/speech-set/`: `manifest.json` (a `Manifest`) and
 * one file of raw mono int16 little-endian samples at 8 kHz for each stream and each piece. Nothing of it is committed.
 *
 * Thresholds may be chosen on the `tune` half only. The `test` half has other speakers and other recordings of noise.
 */
export type Half = 'tune' | 'test';

/** The rate of every file of the set. */
export const SET_RATE_HZ = 8000;

/** From the first sample to the one after the last, in ms of the file. */
export interface Span {
  readonly beginMs: number;
  readonly endMs: number;
}

/** What one speaker says in one go. The pauses between its segments belong to it: an end found there cuts the turn. */
export interface SpokenTurn extends Span {
  readonly speaker: string;
  readonly segments: readonly Span[];
  /** ISO 639-1 where there is one. */
  readonly language?: string;
  /** A person's recording, or a program's voice. */
  readonly origin?: 'recorded' | 'synthetic';
  /**
   * Where the pauses between the segments come from: `none` has none; `real` are the speaker's own; `stretched` are
   * gaps of 60 to 200 ms in running speech, made longer; `joined` lie between recordings, so that the voice before
   * them is that of one who has finished.
   */
  readonly pauses?: 'none' | 'real' | 'stretched' | 'joined';
  /** The words, where they are known. */
  readonly text?: string;
}

/** The kinds of sound that are not the caller. `babble` is speech of others, so no detector can be blamed for it. */
export type NoiseKind = 'white' | 'pink' | 'babble' | 'music' | 'typing' | 'street' | 'tones' | 'dtmf' | 'alerts';

export interface Condition {
  /** Undefined: clean. */
  readonly noise?: NoiseKind;
  /** Active speech level above the noise's, in dB. */
  readonly snrDb?: number;
  /** What was done to the stream: `dtx` = digital silence between turns, `quiet` = speech at -46 dBov. */
  readonly variant?: 'dtx' | 'quiet';
}

export type StreamKind =
  /** Turns with pauses of 1.2 to 3 s between them, over the condition's noise. */
  | 'dialogue'
  /** A turn, a pause, a 3 s burst of noise, a pause, the next turn; `bursts` says where the bursts lie. */
  | 'bursts'
  /** Nobody speaks: noise alone. */
  | 'noise';

export interface Stream {
  readonly name: string;
  readonly half: Half;
  readonly kind: StreamKind;
  readonly condition: Condition;
  /** Relative to the manifest. */
  readonly file: string;
  readonly durationMs: number;
  readonly turns: readonly SpokenTurn[];
  readonly bursts: readonly Span[];
  /** Of the file. */
  readonly sha256?: string;
}

export type PieceKind =
  /** A sentence: what a caller says who means it. */
  | 'utterance'
  /** "uh-huh", "mm-hm", "yeah": heard while listening. */
  | 'backchannel'
  | 'cough'
  | 'slam'
  | 'typing'
  /** Somebody else in the room: 20 dB or more below the caller, reverberant. */
  | 'far_speech'
  /** Long speech of one voice: what the robot says. */
  | 'robot';

/**
 * One sound by itself, at the level of a caller's voice (-26 dBov active, where it is speech), for interruptions and
 * echo. In the telephone band, but without a line's noise and not coded: that comes after it has been mixed.
 */
export interface Piece {
  readonly name: string;
  readonly half: Half;
  readonly kind: PieceKind;
  readonly speaker: string;
  readonly file: string;
  readonly durationMs: number;
  /** Where the sound begins and ends in the file. */
  readonly sound: Span;
  /** The words, where they are known. */
  readonly text?: string;
  readonly language?: string;
  /** Recorded, or made by a program. */
  readonly origin?: 'recorded' | 'synthetic';
  readonly sha256?: string;
}

/** A Debian package that the set was made from. */
export interface SourcePackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

export interface Manifest {
  /** Changes with anything that changes the set. */
  readonly version: string;
  readonly packages?: readonly SourcePackage[];
  /** What was made up, and other limits of the set. */
  readonly notes?: readonly string[];
  readonly streams: readonly Stream[];
  readonly pieces: readonly Piece[];
}
