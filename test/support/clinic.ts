import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { readWav } from '../../voice-node/dsp/wav.js';
import { startAimock } from './aimock.js';
import { startSpeechKit } from './fakes/speechkit.js';
import type { Talk } from './talk.js';

/** What a caller may say to the clinic, and what it answers. */
const TURNS = {
  first: { said: 'Запишите меня к терапевту.', answer: 'Хорошо, записываю вас к терапевту.' },
  second: { said: 'Завтра в десять утра.', answer: 'Записала вас на десять утра.' },
} as const;
type Turn = keyof typeof TURNS;

const KEY = 'key-of-the-clinic-0123456789';
/** As the node's own phrase has it: said in the robot's own voice. */
const BACK = 'Извините, связь прервалась. Продолжайте, пожалуйста.';

/** robots/pipeline_russian and the services it needs, on this machine. */
export interface Clinic {
  /** For the node. */
  readonly environment: Record<string, string>;
  readonly greeting: Int16Array;
  readonly greetingText: string;
  readonly back: Int16Array;
  readonly turns: typeof TURNS;
  answer(turn: Turn): Int16Array;
  /** The caller speaks; resolves with when he has begun. */
  say(talk: Talk, turn: Turn): Promise<number>;
  /** What the language model was asked last, without the prompt: role and words. */
  lastAsked(): readonly (readonly [string, unknown])[];
  close(): Promise<void>;
}

export async function startClinic(): Promise<Clinic> {
  const voice = new Voice();
  let hears = '';
  const speechKit = await startSpeechKit({
    apiKey: KEY,
    get parts() {
      return [{ raw: hears.toLowerCase().replace(/[^а-яё ]/g, ''), refined: hears }];
    },
    samples: (text, rateHz) => voice.say(text, rateHz),
  });
  const gpt = await startAimock();
  for (const { said, answer } of Object.values(TURNS)) gpt.mock.on({ systemMessage: 'администратор клиники', userMessage: said }, { content: answer });
  const { greeting_text: greetingText } = JSON.parse(readFileSync(join(ROOT, 'robots/pipeline_russian/config.json'), 'utf8')) as { greeting_text: string };
  return {
    environment: {
      OPENAI_API_KEY: '',
      YANDEX_API_KEY: KEY,
      YANDEX_FOLDER_ID: 'b1gclinicfolder',
      YANDEX_STT_URL: `http://${speechKit.address}`,
      YANDEX_TTS_URL: `http://${speechKit.address}`,
      YANDEX_LLM_URL: gpt.baseUrl,
    },
    greeting: voice.say(greetingText),
    greetingText,
    back: voice.say(BACK),
    turns: TURNS,
    answer: (turn) => voice.say(TURNS[turn].answer),
    say: ({ caller }, turn) => {
      hears = TURNS[turn].said;
      return caller.say(voice.say(hears, 48_000, 170));
    },
    lastAsked: () => {
      const { messages } = gpt.mock.getLastRequest()?.body as unknown as { readonly messages: readonly { readonly role: string; readonly content: unknown }[] };
      return messages.flatMap(({ role, content }) => (role === 'system' ? [] : [[role, content] as const]));
    },
    close: async () => {
      await gpt[Symbol.asyncDispose]();
      await speechKit.close();
      voice.close();
    },
  };
}

/** The voice of everybody here, at its own pace. */
class Voice {
  readonly #folder = mkdtempSync(join(tmpdir(), 'voice-node-clinic-'));
  readonly #known = new Map<string, Int16Array>();

  say(text: string, rateHz = 48_000, wordsPerMinute = 210): Int16Array {
    const key = `${rateHz} ${wordsPerMinute} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const file = join(this.#folder, 'spoken.wav');
    execFileSync('espeak-ng', ['-v', 'ru', '-s', String(wordsPerMinute), '-w', file, text]);
    const audio = readWav(readFileSync(file), file);
    const sound = audio.rateHz === rateHz ? audio.samples : createResampler({ fromHz: audio.rateHz, toHz: rateHz }).process(audio.samples);
    this.#known.set(key, sound);
    return sound;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
