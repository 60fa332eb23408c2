/**
 * Words that are written with a full stop and seldom end a sentence, without it and in small letters. A missed
 * end only makes a piece longer; a wrong one is heard as a stumble.
 */
const ENGLISH = `
  mr mrs ms mx dr prof sr jr st ave blvd rd hwy apt dept univ assn inc ltd co corp bros gen sgt capt lt cmdr sen gov
  etc vs viz approx tel attn jan feb apr jun jul aug sep sept oct nov dec mon tue tues thu thurs fri ft lb lbs oz`;

const RUSSIAN = `
  гг вв пп стр рис табл гл ст ул пр просп пер пл наб ш бул б-р кв корп обл р-н пос дер мкр тел моб доб
  руб коп тыс млн млрд трлн шт экз чел кг гр мг км см мм сек ок др проч напр ср св проф акад доц канд докт инж зам зав
  нач дир ген тов гр-н г-н г-жа янв фев февр мар апр июн июл авг сен сент окт ноя нояб дек пн вт чт пт сб вс`;

/** Only before a figure: "No. 5", but "No. I cannot." */
const NUMBERED = `no nos nr p pp fig ch vol sec par art eq № рис стр п ст д кв оф эт`;

const setOf = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

const ABBREVIATIONS = setOf(`${ENGLISH} ${RUSSIAN}`);
const BEFORE_FIGURES = setOf(NUMBERED);

/**
 * Whether the full stop at the end of `text` belongs to its last word and does not end the sentence. `next`: the
 * first character after the blank that follows.
 */
export function isAbbreviated(text: string, next: string): boolean {
  const word = /[^\s("'«“„[]+$/u.exec(text)?.[0] ?? '';
  const bare = word.slice(0, -1);
  if (bare === '') return false;
  // 1. at the beginning of a line: the number of an item.
  if (/^\d{1,3}$/.test(bare)) return text.trimStart() === word;
  // J. R. R. Tolkien, т. е., и т. д.; but "so do I. Then", "это я. Потом".
  if (/^\p{L}$/u.test(bare)) return bare !== 'I' && bare !== 'я';
  // a.m., e.g., U.S., т.е., т.д.
  if (/^(?:\p{L}\.)+\p{L}$/u.test(bare)) return true;
  const key = bare.toLowerCase();
  return ABBREVIATIONS.has(key) || (/\d/.test(next) && BEFORE_FIGURES.has(key));
}
