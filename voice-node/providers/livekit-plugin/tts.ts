import type { Audio } from '../../domain/audio.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import type { PluginHost } from './host.js';
import { isAudioPiece, type PluginSpec } from './protocol.js';
import { results, type PluginOptions } from './request.js';
import type { PluginStream } from './stream.js';

/** Options that are no part of how a voice sounds, and must not be repeated anywhere. */
const SECRET_OPTION = /key|token|secret|password|credential|auth/i;

/**
 * Text to speech by a plugin of @livekit/agents: `stream()` where the plugin has it, else `synthesize()` for each
 * piece of text in turn. Which language it speaks is a matter of its options.
 */
export class LiveKitPluginTextToSpeech implements TextToSpeech {
  readonly vendor = 'livekit';
  /** The process ends with its last user. */
  readonly close: () => void;
  readonly voiceKey: string;
  readonly takesStream: boolean;
  readonly #host: PluginHost;
  readonly #spec: PluginSpec;

  /** `takesStream`: whether a whole answer goes into one request, as it is written. Default false. */
  constructor({ host, plugin, options = {}, warm = true, takesStream = false }: PluginOptions & { readonly takesStream?: boolean }) {
    this.#host = host;
    this.#spec = { kind: 'tts', plugin, options };
    this.takesStream = takesStream;
    const heard = Object.entries(options).filter(([name]) => !SECRET_OPTION.test(name));
    this.voiceKey = `livekit:${plugin}:${JSON.stringify(heard.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
    this.close = host.use();
    if (warm) host.warm(this.#spec);
  }

  async *speak(request: SpeakRequest): AsyncGenerator<Audio> {
    const { text } = request;
    const say = async (stream: PluginStream, piece: string): Promise<void> => {
      request.used('characters', [...piece].length);
      await stream.push(piece);
    };
    const feed = async (stream: PluginStream): Promise<void> => {
      if (typeof text === 'string') await say(stream, text);
      else {
        for await (const piece of text) {
          if (stream.isOver) return;
          await say(stream, piece);
        }
      }
      await stream.finish();
    };
    for await (const item of results(this.#host, this.#spec, {}, request, feed)) {
      if (!isAudioPiece(item)) throw new ProviderError('provider_protocol', `livekit:${this.#spec.plugin}: expected mono int16 audio of 8 to 48 kHz, got something else`);
      // The samples are a view into a whole message of the channel.
      yield { samples: item.samples.slice(), rateHz: item.rateHz };
    }
  }
}
