/** Words that tell whether somebody who speaks over the robot wants the floor. Lower case, without punctuation. */
export interface InterruptionWords {
  /** Said while listening: "uh-huh". The robot goes on. May be several words. */
  readonly backchannels: readonly string[];
  /** Said to stop the robot, however short. */
  readonly commands: readonly string[];
}

const ENGLISH: InterruptionWords = {
  backchannels: ['uh-huh', 'uh huh', 'aha', 'mm', 'mhm', 'mm-hm', 'mm hm', 'mmm', 'hm', 'hmm', 'yeah', 'yep', 'yes', 'ok', 'okay', 'right', 'i see', 'sure', 'oh', 'ah', 'uh', 'um', 'good', 'great', 'got it'],
  commands: ['stop', 'wait', 'no', 'hold on', 'hang on', 'hello', 'sorry', 'excuse me', 'one moment', 'operator', 'help'],
};
const RUSSIAN: InterruptionWords = {
  backchannels: ['угу', 'ага', 'да', 'да да', 'так', 'хорошо', 'ну', 'понятно', 'ясно', 'мм', 'м', 'мгм', 'ммм', 'э', 'ладно', 'ок', 'окей', 'конечно', 'понял', 'поняла'],
  commands: ['стоп', 'стой', 'стойте', 'подожди', 'подождите', 'погодите', 'погоди', 'нет', 'хватит', 'алло', 'оператор', 'минуту', 'извините', 'простите'],
};

/** Of all languages that we know words of: a caller may speak another one than the robot. */
export const DEFAULT_WORDS: InterruptionWords = {
  backchannels: [...ENGLISH.backchannels, ...RUSSIAN.backchannels],
  commands: [...ENGLISH.commands, ...RUSSIAN.commands],
};

/** Longer than any list of "uh-huh" said in one go; bounds the search. */
const MOST_WORDS = 8;

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}\s'-]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/**
 * What words recognised so far say: a command is meant, and so are several words that are not all backchannels; a
 * single other one may be a mistake of the recogniser's; nothing recognised says nothing.
 */
export function kindOfWords(text: string, words: InterruptionWords): 'none' | 'backchannel' | 'word' | 'meant' {
  const said = plain(text);
  if (said === '') return 'none';
  const spoken = ` ${said.replaceAll('-', ' ')} `;
  if (words.commands.some((command) => spoken.includes(` ${plain(command).replaceAll('-', ' ')} `))) return 'meant';
  const list = spoken.trim().split(' ');
  if (list.length > MOST_WORDS) return 'meant';
  const known = new Set(words.backchannels.map((each) => plain(each).replaceAll('-', ' ')));
  if (isMadeOf(list, known)) return 'backchannel';
  return list.length === 1 ? 'word' : 'meant';
}

/** Whether `list` can be cut into phrases of `known`. */
function isMadeOf(list: readonly string[], known: ReadonlySet<string>): boolean {
  if (list.length === 0) return true;
  return list.some((_, i) => known.has(list.slice(0, i + 1).join(' ')) && isMadeOf(list.slice(i + 1), known));
}
