import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Audio } from '../../domain/audio.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import type { Program } from '../process/program.js';
import { lines } from '../process/output.js';
import { run, wavPieces } from '../process/spoken.js';

export interface FliteOptions {
  /** One of `flite -lv`: rms (default), slt, awb, kal16, kal. */
  readonly voice?: string | undefined;
  /** Default `flite`, from PATH. */
  readonly command?: string | undefined;
}

/** flite takes paths and URLs for voices as well: those are none of ours. */
const VOICE = /^[a-z0-9_]{1,40}$/;
const PIECE_BYTES = 16_384;
const REMEDY = 'apt-get install flite';

/**
 * English on this machine: flite, a process for each piece, about 15 ms for a second of speech. What it says is
 * plainly a machine, and easier understood (by machines too) than espeak-ng.
 */
export class Flite implements TextToSpeech {
  readonly vendor = 'flite';
  readonly voiceKey: string;
  readonly takesStream = false;
  readonly #command: string;
  readonly #voice: string;
  #isKnown = false;

  /** Throws `provider_rejected` for a voice that cannot be one. */
  constructor({ voice = 'rms', command = 'flite' }: FliteOptions = {}) {
    if (!VOICE.test(voice)) throw new ProviderError('provider_rejected', `flite: expected a voice such as rms or slt, got ${JSON.stringify(voice.slice(0, 60))}`);
    this.#command = command;
    this.#voice = voice;
    this.voiceKey = `flite|${voice}`;
  }

  async *speak({ text, language, signal, connected, used }: SpeakRequest): AsyncGenerator<Audio> {
    if (typeof text !== 'string') throw new Error('this voice takes a whole text, not a stream');
    if (!/^en(-|$)/i.test(language)) throw new ProviderError('provider_rejected', `flite: expected English, such as en-US, got ${language}`);
    if (!(await this.#checkVoice(signal))) return;
    used('characters', [...text].length);
    // A file, because flite goes back in its output for every sentence after the first: a pipe would hang it.
    const folder = await mkdtemp(join(tmpdir(), 'voice-node-flite-'));
    try {
      const file = join(folder, 'speech.wav');
      // The text comes by standard input: whoever lists the processes of this machine does not read it.
      if (!(await run(this.vendor, this.#program('-voice', this.#voice, '-f', '-', '-o', file), ascii(text), signal, connected))) return;
      const bytes = await readFile(file).catch((error: unknown) => {
        throw new ProviderError('provider_protocol', 'flite: expected a WAV file, got none', { cause: error });
      });
      let spoke = false;
      for await (const piece of wavPieces(this.vendor, cut(bytes), () => undefined)) {
        if (signal.aborted) return;
        spoke = true;
        yield piece;
      }
      if (!spoke) throw new ProviderError('provider_rejected', 'flite: expected a text that can be spoken, got none');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** A voice that flite does not know it would replace by another without a word. False: aborted. */
  async #checkVoice(signal: AbortSignal): Promise<boolean> {
    if (this.#isKnown) return true;
    const listed = (await lines(this.vendor, this.#program('-lv'), signal))?.join(' ');
    if (listed === undefined) return false;
    const voices = listed.replace(/^.*?:/, '').trim().split(/\s+/);
    if (!voices.includes(this.#voice)) throw new ProviderError('provider_rejected', `flite: expected one of its voices, ${voices.join(', ').slice(0, 200)}; got ${this.#voice}`);
    this.#isKnown = true;
    return true;
  }

  #program(...args: string[]): Program {
    return { command: this.#command, args, remedy: REMEDY };
  }
}

/** flite reads bytes and spells out what is no ASCII. Accents are taken off, typographic signs written simply. */
const ascii = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\u2018\u2019\u201b]/g, "'")
    .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[^\u0020-\u007e]+/g, (others) => (/^\p{M}+$/u.test(others) ? '' : ' '))
    .trim();

function* cut(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
