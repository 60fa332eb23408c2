import type { Audio } from '../../domain/audio.js';
import type { ChatPart, ChatRequest, LanguageModel } from '../../domain/llm.js';
import type { ProviderLimits } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { Attempts, type AttemptRules, type Candidate, type ResiliencePorts } from './attempts.js';

/** Deadlines where the config names none. A caller waits two seconds before he asks whether somebody is there. */
export const DEFAULT_LIMITS: Readonly<Record<'stt' | 'llm' | 'tts', ProviderLimits>> = {
  // Who takes over, or tries again, has the whole utterance to catch up with: of a long one, that takes seconds.
  stt: { connectMs: 2000, firstMs: 4000, gapMs: 3000, totalMs: 10_000 },
  llm: { connectMs: 3000, firstMs: 6000, gapMs: 4000, totalMs: 60_000 },
  tts: { connectMs: 2000, firstMs: 4000, gapMs: 3000, totalMs: 60_000 },
};

/** Bounds of one answer: characters of words, milliseconds of audio. */
const MAX_TRANSCRIPT_CHARS = 20_000;
const MAX_ANSWER_CHARS = 50_000;
const MAX_SPOKEN_MS = 600_000;

/** A provider of a list with its deadlines. */
export interface Limited<P> {
  readonly provider: P;
  readonly limits: ProviderLimits;
}

const STT_RULES: AttemptRules<Transcript> = {
  // Each result is the whole text so far: the longest one counts, not their sum.
  size: ({ text }) => (text.length > MAX_TRANSCRIPT_CHARS ? Infinity : 0),
  maxSize: MAX_TRANSCRIPT_CHARS,
  whole: (last) => last?.final === true,
  commits: ({ final }) => final,
};

const LLM_RULES: AttemptRules<ChatPart> = {
  size: (part) => (part.type === 'text' ? part.delta.length : part.arguments.length),
  maxSize: MAX_ANSWER_CHARS,
  whole: (last) => last !== undefined,
  commits: () => true,
};

const TTS_RULES: AttemptRules<Audio> = {
  size: ({ samples, rateHz }) => (samples.length / rateHz) * 1000,
  maxSize: MAX_SPOKEN_MS,
  whole: (last) => last !== undefined,
  commits: () => true,
};

const closeAll = (list: readonly Limited<{ close?(): void }>[]) => (): void => {
  for (const { provider } of list) provider.close?.();
};

const first = <P>(list: readonly Limited<P>[]): P => {
  const [one] = list;
  if (one === undefined) throw new Error('expected at least one provider');
  return one.provider;
};

export function resilientSpeechToText(list: readonly Limited<SpeechToText>[], ports: ResiliencePorts): SpeechToText {
  const candidates = list.map(({ provider, limits }): Candidate<TranscribeRequest, Transcript> => ({ vendor: provider.vendor, limits, open: (request) => provider.transcribe(request) }));
  const attempts = new Attempts('stt', candidates, STT_RULES, ports);
  return {
    vendor: first(list).vendor,
    transcribe: (request) => attempts.stream(request, request.speech.ended),
    close: closeAll(list),
  };
}

export function resilientLanguageModel(list: readonly Limited<LanguageModel>[], ports: ResiliencePorts): LanguageModel {
  const candidates = list.map(({ provider, limits }): Candidate<ChatRequest, ChatPart> => ({ vendor: provider.vendor, limits, open: (request) => provider.answer(request) }));
  const attempts = new Attempts('llm', candidates, LLM_RULES, ports);
  return { vendor: first(list).vendor, answer: (request) => attempts.stream(request), close: closeAll(list) };
}

export function resilientTextToSpeech(list: readonly Limited<TextToSpeech>[], ports: ResiliencePorts): TextToSpeech {
  const candidates = list.map(({ provider, limits }): Candidate<SpeakRequest, Audio> => ({ vendor: provider.vendor, limits, open: (request) => provider.speak(request) }));
  const attempts = new Attempts('tts', candidates, TTS_RULES, ports);
  const { vendor, voiceKey } = first(list);
  return {
    vendor,
    voiceKey,
    takesStream: list.every(({ provider }) => provider.takesStream),
    speak: (request) => attempts.stream(request),
    close: closeAll(list),
  };
}
