import type { CallRateHz } from '../../domain/audio.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import { RESAMPLER_RATES_HZ } from '../../dsp/resampler-plan.js';
import { createResampler } from '../../dsp/resampler.js';
import type { PluginHost } from './host.js';
import { isTranscript, type PluginSpec } from './protocol.js';
import { results, type PluginOptions } from './request.js';
import type { PluginStream } from './stream.js';

/**
 * Speech to text by a plugin of @livekit/agents. Where the plugin can stream it writes along; where it cannot,
 * the utterance is sent when it is complete. Unless the options name a `language`, the plugin is given the
 * robot's, without its region.
 */
export class LiveKitPluginSpeechToText implements SpeechToText {
  readonly vendor = 'livekit';
  /** The process ends with its last user. */
  readonly close: () => void;
  readonly #host: PluginHost;
  readonly #plugin: string;
  readonly #options: Readonly<Record<string, unknown>>;

  /** `language`: BCP 47, the robot's, for loading the plugin before the first request. */
  constructor({ host, plugin, options = {}, warm = true, language }: PluginOptions & { readonly language?: string }) {
    this.#host = host;
    this.#plugin = plugin;
    this.#options = options;
    this.close = host.use();
    if (warm && (language !== undefined || 'language' in options)) host.warm(this.#spec(language ?? ''));
  }

  async *transcribe(request: TranscribeRequest): AsyncGenerator<Transcript> {
    const { speech, signal } = request;
    let sentSamples = 0;
    const feed = async (stream: PluginStream, rateHz = speech.rateHz as number): Promise<void> => {
      const resample = resamplerTo(speech.rateHz, rateHz);
      for await (const samples of speech) {
        if (stream.isOver) return;
        sentSamples += samples.length;
        await stream.push(resample(samples));
      }
      await stream.finish();
    };
    let isFinal = false;
    try {
      for await (const item of results(this.#host, this.#spec(request.language), { rateHz: speech.rateHz }, request, feed)) {
        if (!isTranscript(item)) throw new ProviderError('provider_protocol', `livekit:${this.#plugin}: expected a transcript, got something else`);
        isFinal = item.final;
        yield { text: item.text, final: item.final };
        if (isFinal) return;
      }
      if (!isFinal && !signal.aborted) throw new ProviderError('provider_broken', `livekit:${this.#plugin}: expected a final transcript, the stream ended without one`);
    } finally {
      if (sentSamples > 0) request.used('audio_seconds', sentSamples / speech.rateHz);
    }
  }

  #spec(language: string): PluginSpec {
    const own = 'language' in this.#options ? {} : { language: language.split('-')[0] };
    return { kind: 'stt', plugin: this.#plugin, options: { ...own, ...this.#options } };
  }
}

/** To the rate the plugin wants, by our own filters; a rate they do not know is left to the plugin. */
function resamplerTo(fromHz: CallRateHz, toHz: number): (samples: Int16Array) => { samples: Int16Array; rateHz: number } {
  if (toHz === fromHz || !RESAMPLER_RATES_HZ.includes(toHz)) return (samples) => ({ samples, rateHz: fromHz });
  const resampler = createResampler({ fromHz, toHz });
  return (samples) => ({ samples: resampler.process(samples), rateHz: toHz });
}
