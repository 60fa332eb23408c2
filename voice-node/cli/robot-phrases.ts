import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Phrase } from '../call/options.js';
import type { PhraseName } from '../call/state.js';
import { ROOT } from '../config.js';
import { readWav } from '../dsp/wav.js';
import type { Robot } from '../robots/robot.js';

export const PHRASE_NAMES: readonly PhraseName[] = ['apology', 'back', 'goodbye'];

/** phrases/<language>.wav, phrases/<language>-back.wav and phrases/<language>-goodbye.wav in words. */
const WORDS: Readonly<Record<string, Readonly<Record<PhraseName, string>>>> = {
  en: {
    apology: 'Sorry, something went wrong. Please say that again.',
    back: 'Sorry, we were cut off. Please go on.',
    goodbye: "I'm sorry, I have to end this call now. Goodbye.",
  },
  ru: {
    apology: 'Извините, что-то пошло не так. Повторите, пожалуйста.',
    back: 'Извините, связь прервалась. Продолжайте, пожалуйста.',
    goodbye: 'Извините, мне нужно закончить разговор. До свидания.',
  },
};
const DEFAULT_LANGUAGE = 'en';

const languageOf = ({ config }: Robot): string | undefined => {
  const [language = ''] = config.language.split('-');
  return Object.hasOwn(WORDS, language) ? language : undefined;
};

const ownOf = (robot: Robot, name: PhraseName): Robot['fallback'] => (name === 'apology' ? robot.fallback : robot[name]);

/**
 * What the robot's own voice is to say, where it has one: its own words. After a break, and at the end, it is better
 * the voice the caller has been talking to: there ours in its language, too. Undefined: it has a recording, or none
 * of us knows its language.
 */
export function wordsFor(robot: Robot, name: PhraseName): string | undefined {
  const own = ownOf(robot, name);
  if (own?.audio !== undefined) return undefined;
  if (own?.text !== undefined || name === 'apology') return own?.text;
  return WORDS[languageOf(robot) ?? '']?.[name];
}

/** Recordings: the robot's own, or ours of its language, or else in English. Ours are read once. */
export class RecordedPhrases {
  readonly #known = new Map<string, Phrase>();

  of(robot: Robot): Record<PhraseName, Phrase> {
    return { apology: this.#of(robot, 'apology'), back: this.#of(robot, 'back'), goodbye: this.#of(robot, 'goodbye') };
  }

  #of(robot: Robot, name: PhraseName): Phrase {
    const own = ownOf(robot, name);
    if (own?.audio !== undefined) return { text: own.text ?? '', audio: own.audio };
    const language = languageOf(robot) ?? DEFAULT_LANGUAGE;
    const file = `phrases/${language}${name === 'apology' ? '' : `-${name}`}.wav`;
    const known = this.#known.get(file) ?? { text: WORDS[language]?.[name] ?? '', audio: readWav(readFileSync(join(ROOT, file)), file) };
    this.#known.set(file, known);
    return known;
  }
}
