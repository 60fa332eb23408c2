import { createFloatResampler, createResampler, type ResamplerProfile, type SampleFormat } from '../../voice-node/dsp/resampler.js';

export type Samples = Int16Array | Float32Array;

/** One running resampler, ours or a peer's, driven as a call drives it: a frame in, whatever it gives out. */
export interface Stream {
  /** Takes a frame and returns how many samples came out; they are in `output`. */
  push(input: Samples): number;
  output: ArrayLike<number>;
  close?(): void;
}

export interface Contender {
  readonly name: string;
  readonly ours: boolean;
  readonly formats: readonly SampleFormat[];
  /** False for those that treat every call as a file of its own: not linear, so only some figures make sense. */
  readonly streaming: boolean;
  open(fromHz: number, toHz: number, format: SampleFormat): Promise<Stream>;
}

export const PROFILES: readonly ResamplerProfile[] = ['conversation', 'linear', 'archive'];

function openOurs(fromHz: number, toHz: number, format: SampleFormat, profile: ResamplerProfile): Stream {
  if (format === 's16') {
    const resampler = createResampler({ fromHz, toHz, profile });
    const output = new Int16Array(resampler.maxOutputSamples(fromHz));
    return { output, push: (input) => resampler.processInto(input as Int16Array, output) };
  }
  const resampler = createFloatResampler({ fromHz, toHz, profile });
  const output = new Float32Array(resampler.maxOutputSamples(fromHz));
  return { output, push: (input) => resampler.processInto(input as Float32Array, output) };
}

export const OURS: readonly Contender[] = PROFILES.map((profile) => ({
  name: `voice-node ${profile}`,
  ours: true,
  formats: ['f32', 's16'],
  streaming: true,
  open: async (fromHz, toHz, format) => openOurs(fromHz, toHz, format, profile),
}));
