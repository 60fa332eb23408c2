import { lineFloor, throughMuLaw } from '../speech-set/line.js';
import { addInto, Dice, joined, msOfSamples, samplesOfMs, silence, type Sound } from '../speech-set/sound.js';
import { drawnPauseMs } from '../speech-set/turns.js';
import { spokenTake, VOICES } from '../speech-set/voices.js';
import type { HeardWords } from './heard.js';
import type { InnerPause, Talk, TalkTurn } from './talk.js';

/** What callers say, "|" where they hesitate: half of the places show in the words, half do not. */
const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  en: [
    'I would like to | book a table for | two people', 'My number is five five five | one two three four', 'Can you tell me when the | next train leaves',
    'I have a question about my | last invoice', 'The order was sent on Monday | it never arrived', 'Please connect me with | the sales department',
    'I need a room with | a view of the sea', 'We were told that | the office opens at nine', 'The address is ten | Station Road', 'Yes and | I also want to change the date',
    'My name is Peter | Anderson', 'I called yesterday | nobody answered',
  ],
  ru: [
    'Я хотел бы заказать столик на | двоих', 'Скажите пожалуйста когда | придёт мой заказ', 'Мой номер пять пять пять | один два три', 'Я звоню потому что | у меня не работает интернет',
    'Запишите меня на | среду утром', 'Адрес улица Ленина | дом пять', 'Мне нужно поменять билет и | выбрать место', 'Вчера я отправил заявку | ответа не было',
  ],
};
/** A recogniser's partial result lags behind the voice by this. */
export const RECOGNISER_LAG_MS = 250;

export interface SaidWords extends HeardWords {
  /** Whether the sentence is over with them. */
  readonly last: boolean;
}

export interface SaidTalk {
  readonly talk: Talk;
  /** What a recogniser would have at which moment, without punctuation. */
  readonly words: readonly SaidWords[];
}

/** The sentences as espeak-ng reads them, with pauses of drawn lengths where the callers hesitate. */
export async function saidTalks(): Promise<SaidTalk[]> {
  const talks: SaidTalk[] = [];
  for (const voice of VOICES.filter(({ engine, language }) => engine === 'espeak-ng' && language in SENTENCES)) {
    const dice = new Dice(`said by ${voice.id}`);
    const parts: Sound[] = [silence(2000)];
    const turns: TalkTurn[] = [];
    const words: SaidWords[] = [];
    let at = parts[0]?.length ?? 0;
    for (const sentence of SENTENCES[voice.language] ?? []) {
      const pieces = sentence.split('|').map((piece) => piece.trim());
      const text = pieces.reduce((all, piece) => `${all}<break time="${Math.round(drawnPauseMs(dice))}ms"/> ${piece}`);
      const take = await spokenTake(voice, text, ['-m']);
      if (take === undefined || take.segments.length !== pieces.length) continue;
      const ms = (sample: number): number => msOfSamples(at + sample);
      const pauses: InnerPause[] = take.segments.slice(1).map((segment, i) => ({ origin: 'stretched', beginMs: ms(take.segments[i]?.end ?? 0), endMs: ms(segment.begin) }));
      take.segments.forEach(({ end }, i) => words.push({ atMs: ms(end) + RECOGNISER_LAG_MS, text: pieces.slice(0, i + 1).join(' '), last: i === pieces.length - 1 }));
      turns.push({ speaker: voice.id, beginMs: ms(take.segments[0]?.begin ?? 0), endMs: ms(take.segments.at(-1)?.end ?? 0), pauses });
      const gap = new Float32Array(samplesOfMs(3000));
      parts.push(take.sound, gap);
      at += take.sound.length + gap.length;
    }
    const all = joined(parts);
    addInto(all, lineFloor(all.length, `line of ${voice.id}`), 0);
    talks.push({ talk: { name: `said by ${voice.id}`, half: voice.half, samples: throughMuLaw(all), turns }, words });
  }
  return talks;
}
