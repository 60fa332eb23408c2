import type { ChatPart, ChatRequest, LanguageModel } from '../../domain/llm.js';

/** How much of the caller's words is repeated. */
const MAX_HEARD_CHARS = 160;

interface Phrases {
  readonly hello: string;
  readonly answer: (heard: string) => string;
  readonly goodbye: string;
}

const ENGLISH: Phrases = {
  hello: 'Hello. This is a demonstration: no language model is configured. Say something, and I will tell you what I heard.',
  answer: (heard) => `This is a demonstration: no language model is configured. I heard: ${heard} With a language model you would hear an answer here. You can interrupt me at any time.`,
  goodbye: 'Thank you for trying the demonstration. Good-bye!',
};

const RUSSIAN: Phrases = {
  hello: 'Здравствуйте. Это демонстрация: языковая модель не настроена. Скажите что-нибудь, и я повторю, что услышала.',
  answer: (heard) => `Это демонстрация: языковая модель не настроена. Я услышала: ${heard} С языковой моделью здесь прозвучал бы ответ. Меня можно перебить в любой момент.`,
  goodbye: 'Спасибо, что попробовали демонстрацию. До свидания!',
};

const GOODBYE = /\b(good ?-?bye|bye(?: ?-?bye)?|see you|hang up|that is all|that's all)\b|(?<![а-яё])(до свидания|до встречи|всего доброго|всего хорошего|прощайте|пока-пока|пока)(?![а-яё])/i;
/** "Пока" is also "while": alone it is a farewell, in a sentence it is not. */
const WHILE = /(?<![а-яё])пока(?![а-яё])/i;
const CYRILLIC = /[а-яё]/i;

/**
 * Stands in where there is no language model: says so, and repeats what it heard. Needs no key and no network;
 * its answer is there at once. Says good-bye to whoever does, and then calls `end_call` if it may.
 */
export function createDemoModel(): LanguageModel {
  return { vendor: 'demo', answer };
}

async function* answer({ messages, tools, signal, connected }: ChatRequest): AsyncGenerator<ChatPart> {
  connected();
  const heard = messages.findLast(({ role }) => role === 'user')?.content.trim() ?? '';
  const phrases = CYRILLIC.test(heard !== '' ? heard : (messages[0]?.content ?? '')) ? RUSSIAN : ENGLISH;
  const isGoodbye = saysGoodbye(heard) || messages.at(-1)?.role === 'tool';
  const text = isGoodbye ? phrases.goodbye : heard === '' ? phrases.hello : phrases.answer(quote(heard));
  // Word by word, as a model would.
  for (const word of text.match(/\S+\s*/g) ?? []) {
    if (signal.aborted) return;
    yield { type: 'text', delta: word };
  }
  if (isGoodbye && messages.at(-1)?.role !== 'tool' && tools.some(({ name }) => name === 'end_call')) {
    yield { type: 'tool_call', id: `call_${messages.length}`, name: 'end_call', arguments: '{}' };
  }
}

function saysGoodbye(heard: string): boolean {
  const match = GOODBYE.exec(heard);
  if (match === null) return false;
  return !WHILE.test(match[0]) || heard.split(/\s+/).length <= 3;
}

/** The caller's words as a sentence, cut at a word where they are many. */
function quote(heard: string): string {
  const cut = heard.length <= MAX_HEARD_CHARS ? heard : `${heard.slice(0, MAX_HEARD_CHARS).replace(/\s+\S*$/, '')}...`;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}
