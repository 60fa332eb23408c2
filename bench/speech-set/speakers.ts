import type { Half } from './format.js';

/**
 * Who speaks. Everybody belongs to one half. Home recordings of one language are all in one half, since the same
 * volunteer may have read for more than one project. One actress reads Asterisk's English and Spanish: one half.
 */
export interface Speaker {
  readonly id: string;
  /** ISO 639-1 where there is one. */
  readonly language: string;
  readonly half: Half;
  /** `caller` speaks in turns and pieces; `crowd` is only ever heard as babble and from across the room. */
  readonly role: 'caller' | 'crowd';
  readonly package: string;
  /** Below the package's root. */
  readonly folder: string;
  /** Of the paths below `folder`, those of this speaker. */
  readonly files: RegExp;
  /** Of headerless files. */
  readonly rawRateHz?: number;
  /** The words, where a package has them: recording's path below `folder` to text. */
  readonly texts?: ReadonlyMap<string, string>;
}

const CAPITAL = /^(?!.*silence)[^/]+\.wav$/;
const asterisk = (id: string, half: Half, language: string, name: string, folder: string, files = CAPITAL): Speaker => ({
  id, language, half, role: 'caller', package: name, folder: `usr/share/asterisk/sounds/${folder}`, files,
});

const PROMPTS: readonly Speaker[] = [
  asterisk('allison-en', 'test', 'en', 'asterisk-core-sounds-en-wav', 'en_US_f_Allison'),
  asterisk('allison-es', 'test', 'es', 'asterisk-core-sounds-es-wav', 'es_MX_f_Allison'),
  asterisk('june-fr', 'tune', 'fr', 'asterisk-core-sounds-fr-wav', 'fr_CA_f_June'),
  asterisk('carlo-it', 'tune', 'it', 'asterisk-core-sounds-it-wav', 'it_IT_m_Carlo'),
  asterisk('ivrvoice-ru', 'test', 'ru', 'asterisk-core-sounds-ru-wav', 'ru_RU_f_IvrvoiceRU'),
  asterisk('menardi-it', 'test', 'it', 'asterisk-prompt-it-menardi-wav', 'it_IT_f_Menardi'),
  asterisk('armelle-fr', 'tune', 'fr', 'asterisk-prompt-fr-armelle', 'fr', /^[^/]+\.(gsm|wav)$/),
  asterisk('es-co', 'tune', 'es', 'asterisk-prompt-es-co', 'es', /^[^/]+\.(gsm|wav)$/),
];

type Cast = readonly [language: string, half: Half, role?: Speaker['role']];
const byLanguage = (prefix: string, name: string, folder: string, files: (language: string) => string, cast: readonly Cast[]): Speaker[] =>
  cast.map(([language, half, role = 'caller']) => ({ id: `${prefix}-${language}`, language, half, role, package: name, folder, files: new RegExp(files(language)) }));

/** The two fish of a game, two actors in each language, in sentences that answer one another. */
const FISH: readonly Speaker[] = (['cs', 'nl'] as const).flatMap((language) =>
  (['m', 'v'] as const).map((who) => ({
    id: `fish-${who}-${language}`, language, half: language === 'cs' ? ('test' as const) : ('tune' as const),
    // Most of the Czech ones were recorded in a room, and are too noisy to be a caller's.
    role: language === 'cs' ? ('crowd' as const) : ('caller' as const),
    package: `fillets-ng-data-${language}`, folder: 'usr/share/games/fillets-ng/sound', files: new RegExp(`/${language}/[^/]*-${who}-[^/]*\\.ogg$`),
  })));

const STAMPS = byLanguage('stamps', 'tuxpaint-stamps-default', 'usr/share/tuxpaint/stamps', (language) => `_desc_${language}\\.ogg$`, [
  ['fr', 'tune'], ['ru', 'test'], ['ro', 'test'], ['ca', 'test'], ['bg', 'tune'], ['es', 'tune'], ['be', 'tune'], ['el', 'test'], ['da', 'test'], ['lt', 'tune'],
]);

const POTATO = byLanguage('potato', 'ktuberling-data', 'usr/share/ktuberling/sounds', (language) => `^${language}/.*\\.(ogg|wav)$`, [
  ['fr', 'tune', 'crowd'], ['ca', 'test', 'crowd'], ['uk', 'tune'], ['lt', 'tune', 'crowd'], ['da', 'test', 'crowd'], ['ru', 'test', 'crowd'], ['wa', 'tune'], ['el', 'test', 'crowd'],
  ['de', 'test'], ['sl', 'test'], ['gl', 'tune'], ['sr', 'tune'], ['sv', 'test'], ['nds', 'tune'], ['ro', 'test', 'crowd'], ['pt', 'test'], ['nl', 'tune', 'crowd'],
  ['it', 'tune', 'crowd'], ['ga', 'tune'], ['es', 'tune', 'crowd'], ['fi', 'test'], ['en', 'tune', 'crowd'],
]);

/** Letters and syllables: callers spell. */
const LETTERS = byLanguage('letters', 'klettres-data', 'usr/share/klettres', (language) => `^${language}/.*\\.ogg$`, [
  ['cs', 'test'], ['da', 'test'], ['de', 'test'], ['he', 'test'], ['hu', 'test'], ['pt_BR', 'test'], ['ru', 'test'],
  ['en_GB', 'tune'], ['ar', 'tune'], ['ml', 'tune'], ['nb', 'tune'], ['nds', 'tune'], ['tn', 'tune'], ['uk', 'tune'], ['fr', 'tune'], ['es', 'tune'],
]);

/** Radio amateurs and the voices of codec tests, one recording each. */
const codec2 = (half: Half, ids: readonly (readonly [id: string, file: string])[]): Speaker[] =>
  ids.map(([id, file]) => ({ id, language: 'en', half, role: 'caller', package: 'codec2-examples', folder: 'usr/share/codec2/wav', files: new RegExp(`^${file}\\.wav$`) }));
const CODEC2: readonly Speaker[] = [
  ...codec2('test', [['ve9qrp', 've9qrp'], ['vk5qi', 'vk5qi'], ['morig', 'morig'], ['forig', 'forig'], ['big-dog', 'big_dog']]),
  ...codec2('tune', [['david', 'david4'], ['vk2tpm', 'vk2tpm_004'], ['hts1', 'hts1a'], ['hts2', 'hts2a'], ['mmt1', 'mmt1'], ['cross', 'cross']]),
];

const AUSTEN = new Map([
  ['0870', 'mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them'],
  ['0880', 'he was not an ill disposed young man'],
  ['0890', 'unless to be rather cold hearted and rather selfish is to be ill disposed'],
  ['0920', 'had he married a more amiable woman he might have been made still more respectable than he was'],
  ['0930', 'he might even have been made amiable himself'],
].map(([number, text]) => [`librivox/sense_and_sensibility_01_austen_64kb-${number}.wav`, text as string]));
const CARDS = new Map([
  ['001', 'ten of clubs'], ['002', 'four queen of clubs'], ['003', 'seven of clubs'], ['004', 'five five'], ['005', 'eight of spades four of clubs seven of hearts'],
].map(([number, text]) => [`cards/${number}.wav`, text as string]));
const ALSA = new Map(['Front', 'Rear', 'Side'].flatMap((where) => ['Left', 'Right', 'Center'].map((side) => [`${where}_${side}.wav`, `${where} ${side}`.toLowerCase()])));
const DIGITS = new Map(['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map((word, digit) => [`digits/${digit}.wav`, word]));
const sphinx = { language: 'en', role: 'caller', package: 'pocketsphinx-testdata', folder: 'usr/share/pocketsphinx/test/data' } as const;
const SPHINX: readonly Speaker[] = [
  { ...sphinx, id: 'austen', half: 'test', files: /^librivox\/.*\.wav$/, texts: AUSTEN },
  { ...sphinx, id: 'cards', half: 'tune', files: /^cards\/.*\.wav$/, texts: CARDS },
  { ...sphinx, id: 'turtle', half: 'test', files: /^(goforward|something)\.raw$/, rawRateHz: 16_000, texts: new Map([['goforward.raw', 'go forward ten meters'], ['something.raw', 'go somewhere and do something']]) },
];

export const SPEAKERS: readonly Speaker[] = [
  ...PROMPTS, ...FISH, ...STAMPS, ...POTATO, ...LETTERS, ...CODEC2, ...SPHINX,
  { id: 'alsa', language: 'en', half: 'tune', role: 'caller', package: 'alsa-utils', folder: 'usr/share/sounds/alsa', files: /^(Front|Rear|Side)_.*\.wav$/, texts: ALSA },
  { ...asterisk('allison-digits', 'test', 'en', 'asterisk-core-sounds-en-wav', 'en_US_f_Allison', /^digits\/[0-9]\.wav$/), texts: DIGITS },
];
