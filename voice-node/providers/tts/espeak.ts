import type { Audio } from '../../domain/audio.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { spoken } from '../process/spoken.js';

export interface EspeakOptions {
  /** A voice or language of `espeak-ng --voices`, such as `ru` or `en-gb+f3`. Default: by the robot's language. */
  readonly voice?: string | undefined;
  /** 1 is 175 words a minute; 0.46 to 2.57 can be had. Default 1. */
  readonly speed?: number | undefined;
  /** Default `espeak-ng`, from PATH. */
  readonly command?: string | undefined;
}

/** Names with an optional variant; never a path, never an option. */
const VOICE = /^[a-z0-9]+(?:[-_][a-z0-9]+)*(?:\+[a-z0-9_-]+)?$/i;
const MAX_VOICE_CHARS = 60;
const WORDS_PER_MINUTE = 175;
const SLOWEST = 80;
const FASTEST = 450;

/** Text to speech on this machine, in some hundred languages: espeak-ng, a process for each piece. Robotic, but at once. */
export class Espeak implements TextToSpeech {
  readonly vendor = 'espeak';
  readonly voiceKey: string;
  readonly takesStream = false;
  readonly #command: string;
  readonly #voice: string | undefined;
  readonly #wordsPerMinute: number;

  /** Throws `provider_rejected` for a voice that cannot be one. */
  constructor({ voice, speed = 1, command = 'espeak-ng' }: EspeakOptions = {}) {
    if (voice !== undefined && (voice.length > MAX_VOICE_CHARS || !VOICE.test(voice))) {
      throw new ProviderError('provider_rejected', `espeak: expected a voice such as ru or en-gb+f3, got ${JSON.stringify(voice.slice(0, MAX_VOICE_CHARS))}`);
    }
    this.#command = command;
    this.#voice = voice;
    this.#wordsPerMinute = Math.min(FASTEST, Math.max(SLOWEST, Math.round(speed * WORDS_PER_MINUTE)));
    this.voiceKey = ['espeak', voice ?? '', this.#wordsPerMinute].join('|');
  }

  speak({ text, language, signal, connected, used }: SpeakRequest): AsyncIterable<Audio> {
    if (typeof text !== 'string') throw new Error('this voice takes a whole text, not a stream');
    // The language is BCP 47 by the port; espeak-ng takes ru-RU as well as ru.
    const voice = this.#voice ?? language.toLowerCase();
    if (!VOICE.test(voice)) throw new ProviderError('provider_rejected', 'espeak: expected a language such as en-US or ru-RU, got something else');
    const program = {
      command: this.#command,
      // -b 1: the text is UTF-8, whatever the locale.
      args: ['--stdin', '--stdout', '-b', '1', '-v', voice, '-s', String(this.#wordsPerMinute)],
      remedy: 'apt-get install espeak-ng',
    };
    used('characters', [...text].length);
    return spoken(this.vendor, program, plain(text), signal, connected);
  }
}

/** Nothing that espeak-ng takes for an instruction: control characters are its commands, [[...]] are phonemes. */
const plain = (text: string): string =>
  text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replaceAll('[[', '[ [');
