import type { Bank } from './bank.js';
import { cough, slam, throatClearing } from './body.js';
import type { Cast } from './casting.js';
import type { Half, Piece, PieceKind, Span } from './format.js';
import { extentOf } from './labels.js';
import { atActiveLevel, atRms } from './levels.js';
import { noise } from './noises.js';
import { inRoom, roomResponse } from './room.js';
import { Dice, faded, joined, msOfSamples, rmsOf, samplesOfMs, silence, toInt16, type Range, type Sound } from './sound.js';
import type { Take } from './takes.js';
import { joinedTurn, longestPauseMs } from './turns.js';
import { spokenTake, VOICES, type Voice } from './voices.js';
import { LISTENER_SAYS, ROBOT_SAYS } from './words.js';

/** A piece before it is written. */
export type MadePiece = Omit<Piece, 'file' | 'sha256' | 'name' | 'half'> & { readonly samples: Int16Array };

export interface Ingredients {
  readonly half: Half;
  readonly cast: Cast;
  readonly bank: Bank;
}

const SPEECH_DBOV = -26;
export const COUNTS: Readonly<Record<PieceKind, number>> = { utterance: 60, backchannel: 48, cough: 24, slam: 20, typing: 18, far_speech: 18, robot: 6 };

export async function piecesOf(from: Ingredients): Promise<MadePiece[]> {
  return [...utterances(from), ...(await backchannels(from)), ...coughs(from), ...slams(from), ...typists(from), ...farSpeech(from), ...(await robots(from))];
}

const spanOf = (segments: readonly Range[]): Span => ({ beginMs: msOfSamples((segments[0] as Range).begin), endMs: msOfSamples((segments.at(-1) as Range).end) });

function spoken(kind: PieceKind, take: Take, levelDbov = SPEECH_DBOV): MadePiece {
  const sound = atActiveLevel(take.sound, levelDbov);
  const { speaker, language, origin, text } = take;
  return { kind, speaker, language, origin, durationMs: msOfSamples(sound.length), sound: spanOf(take.segments), samples: toInt16(sound), ...(text !== undefined && { text }) };
}

/** A sound that is no speech: its beginning and end are found as those of speech are. */
function heard(kind: PieceKind, speaker: string, origin: 'recorded' | 'synthetic', sound: Sound): MadePiece {
  return { kind, speaker, origin, durationMs: msOfSamples(sound.length), sound: spanOf([extentOf(sound)]), samples: toInt16(sound) };
}

/** Nobody interrupts with four letters. */
const SPELLING = /^letters-/;

/** Sentences of 1.5 to 6 s without a long pause, speaker after speaker. */
function utterances({ half, cast }: Ingredients): MadePiece[] {
  const dice = new Dice(`utterances of ${half}`);
  const fit = ({ segments }: Take): boolean => {
    const { beginMs, endMs } = spanOf(segments);
    return endMs - beginMs >= 1500 && endMs - beginMs <= 6000 && longestPauseMs(segments) < 500;
  };
  const whoSpeaks = [...cast.callers].filter(([id]) => !SPELLING.test(id)).map(([, takes]) => takes);
  const bySpeaker = dice.shuffled([...whoSpeaks, ...cast.synthetic.values()]).map((takes) => [...takes.filter(fit), ...phrases(takes, dice, fit)]);
  const found: Take[] = [];
  for (let round = 0; found.length < COUNTS.utterance && round < 12; round++) {
    for (const takes of bySpeaker) {
      const take = takes[round];
      if (take !== undefined && found.length < COUNTS.utterance) found.push(take);
    }
  }
  return found.map((take) => spoken('utterance', take));
}

/** Of somebody who reads words, phrases of three or four of them with the gaps of running speech. */
function phrases(takes: readonly Take[], dice: Dice, fit: (take: Take) => boolean): Take[] {
  if (takes.some(fit)) return [];
  const out: Take[] = [];
  for (let at = 0; at + 4 <= takes.length && out.length < 3; at += 4) {
    const { sound, segments, text } = joinedTurn(takes.slice(at, at + 4), dice, () => dice.between(60, 160));
    const { speaker, language, origin, snrDb } = takes[at] as Take;
    out.push({ speaker, language, origin, snrDb, name: 'phrase', sound, segments, breaths: [], ...(text !== undefined && { text }) });
  }
  return out.filter(fit);
}

/** Voices that listeners are given, so that not all sound like the callers' two engines. */
const LISTENERS: Readonly<Record<Half, readonly (readonly [language: string, variant: string])[]>> = {
  test: [['en-us', 'm7'], ['en-us', 'f1'], ['en-us', 'klatt2'], ['ru', 'f4'], ['ru', 'm6']],
  tune: [['en-gb', 'm4'], ['en-gb', 'f5'], ['en-gb', 'klatt'], ['ru', 'f3'], ['ru', 'm1']],
};

async function backchannels({ half, bank }: Ingredients): Promise<MadePiece[]> {
  const dice = new Dice(`backchannels of ${half}`);
  const recorded = bank.listeners.map((sound, index) => levelled(heard('backchannel', `listener-${half}-${index + 1}`, 'recorded', trimmed(sound))));
  const real = recorded.filter(({ sound }) => sound.endMs - sound.beginMs < 1100);
  const voices: Voice[] = [
    ...VOICES.filter((voice) => voice.half === half),
    ...LISTENERS[half].map(([language, variant]): Voice => ({ id: `espeak-${language}-${variant}`, half, language: language.slice(0, 2), engine: 'espeak-ng', args: ['-v', `${language}+${variant}`] })),
  ];
  const asked = dice.shuffled(voices.flatMap((voice) => (LISTENER_SAYS[voice.language] ?? []).map((text) => ({ voice, text }))));
  const made: MadePiece[] = [];
  for (const { voice, text } of asked) {
    if (real.length + made.length >= COUNTS.backchannel) break;
    const how = voice.engine === 'espeak-ng' ? ['-s', String(130 + dice.below(50)), '-p', String(30 + dice.below(45))] : [];
    const take = await spokenTake(voice, text, how);
    if (take !== undefined) made.push(spoken('backchannel', take, SPEECH_DBOV + dice.between(-8, 0)));
  }
  return [...real, ...made];
}

const levelled = (piece: MadePiece): MadePiece => {
  const sound = atActiveLevel(Float32Array.from(piece.samples, (x) => x / 32768), SPEECH_DBOV - 3);
  return { ...piece, samples: toInt16(sound) };
};

/** Without the silence around it, but for a little. */
function trimmed(sound: Sound): Sound {
  const { begin, end } = extentOf(sound);
  return joined([silence(60), faded(sound.slice(Math.max(0, begin - 160), end + 800), 5, 40), silence(60)]);
}

/** The loudest tenth of a second at this level. */
function peakingAt(sound: Sound, dbov: number): Sound {
  const tenth = samplesOfMs(100);
  let loudest = 1e-9;
  for (let at = 0; at + tenth <= sound.length; at += tenth / 4) loudest = Math.max(loudest, rmsOf(sound, at, at + tenth));
  const gain = 10 ** (dbov / 20) / loudest;
  return sound.map((x) => gain * x);
}

function coughs({ half, bank }: Ingredients): MadePiece[] {
  const dice = new Dice(`coughs of ${half}`);
  const recorded = bank.coughs.map((sound, index) => heard('cough', `cough-${half}-${index + 1}`, 'recorded', peakingAt(trimmed(sound), dice.between(-26, -20))));
  const made = Array.from({ length: COUNTS.cough - recorded.length }, (_, i) => {
    const sound = i % 3 === 2 ? throatClearing(`throat ${half} ${i}`) : cough(`cough ${half} ${i}`);
    return heard('cough', `throat-${half}-${i + 1}`, 'synthetic', peakingAt(sound, dice.between(-26, -18)));
  });
  return [...recorded, ...made];
}

function slams({ half, bank }: Ingredients): MadePiece[] {
  const dice = new Dice(`slams of ${half}`);
  const recorded = bank.slams.map((sound, index) => heard('slam', `door-${half}-${index + 1}`, 'recorded', peakingAt(trimmed(sound), dice.between(-28, -18))));
  const left = Math.max(6, COUNTS.slam - recorded.length);
  const made = Array.from({ length: left }, (_, i) => heard('slam', `slam-${half}-${i + 1}`, 'synthetic', peakingAt(slam(`slam ${half} ${i}`), dice.between(-28, -16))));
  return [...recorded, ...made];
}

function typists(from: Ingredients): MadePiece[] {
  const dice = new Dice(`typists of ${from.half}`);
  return Array.from({ length: COUNTS.typing }, (_, i) => {
    const samples = samplesOfMs(dice.between(1500, 5000));
    const sound = noise('typing', { half: from.half, bank: from.bank, crowd: [] }, samples, `typist ${i}`, 'dense');
    return heard('typing', `typist-${from.half}-${i + 1}`, 'recorded', atRms(joined([silence(60), faded(sound, 0, 30), silence(60)]), dice.between(-42, -30)));
  });
}

/** Somebody else, 20 to 30 dB below the caller, in a room. */
function farSpeech({ half, cast }: Ingredients): MadePiece[] {
  const dice = new Dice(`far speech of ${half}`);
  const crowd = dice.shuffled([...cast.crowd.values()]);
  return Array.from({ length: COUNTS.far_speech }, (_, i) => {
    const takes = dice.shuffled(crowd[i % crowd.length] as readonly Take[]).slice(0, 3 + dice.below(3));
    const { sound, speaker, language, origin } = joinedTurn(takes, dice, () => dice.between(60, 180));
    const room = roomResponse({ reverberationMs: dice.between(350, 900), directDb: dice.between(-6, 3) }, `room ${half} ${i}`);
    const far = atActiveLevel(joined([silence(60), inRoom(sound, room)]), SPEECH_DBOV - dice.between(20, 30));
    return { ...heard('far_speech', speaker, origin, far), language };
  });
}

const ROBOT_MS = 42_000;
/** Prompts read one after the other, as a robot that knows only these would; and programs with much to say. */
const ROBOT_PEOPLE: Readonly<Record<Half, readonly string[]>> = { test: ['allison-en', 'ivrvoice-ru', 'menardi-it'], tune: ['june-fr', 'carlo-it', 'es-co'] };

async function robots({ half, cast }: Ingredients): Promise<MadePiece[]> {
  const dice = new Dice(`robots of ${half}`);
  const people = ROBOT_PEOPLE[half].flatMap((id) => (cast.callers.has(id) ? [readAloud(cast.callers.get(id) as readonly Take[], dice)] : []));
  const made: MadePiece[] = [];
  for (const voice of VOICES.filter((one) => one.half === half).slice(0, 5)) {
    const take = await spokenTake(voice, ROBOT_SAYS[voice.language] as string);
    if (take !== undefined) made.push(spoken('robot', take));
  }
  return [...people, ...made];
}

function readAloud(takes: readonly Take[], dice: Dice): MadePiece {
  const chosen: Take[] = [];
  let lengthMs = 0;
  for (const take of dice.shuffled(takes)) {
    const { beginMs, endMs } = spanOf(take.segments);
    if (endMs - beginMs < 1200 || lengthMs > ROBOT_MS) continue;
    chosen.push(take);
    lengthMs += endMs - beginMs + 400;
  }
  const turn = joinedTurn(chosen, dice, () => dice.between(250, 550));
  return { kind: 'robot', speaker: turn.speaker, language: turn.language, origin: 'recorded', durationMs: msOfSamples(turn.sound.length), sound: spanOf(turn.segments), samples: toInt16(turn.sound) };
}
