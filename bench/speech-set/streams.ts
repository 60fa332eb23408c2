import { labelsOf, laidOut, loudness, onLine, rendered, spanAt, withoutSilence, type Placed } from './dialogue.js';
import type { Half, NoiseKind, Span, Stream } from './format.js';
import { activeLevelDbov, atActiveLevel } from './levels.js';
import { lineFloor, mixedAt, throughMuLaw } from './line.js';
import { noise, type NoiseSources } from './noises.js';
import { addInto, amplitudeOfDb, Dice, faded, joined, msOfSamples, rmsOf, samplesOfMs, scaled, silence, type Range, type Sound } from './sound.js';
import type { BuiltTurn } from './turns.js';

/** A stream before it is written. */
export type Made = Omit<Stream, 'file' | 'sha256'> & { readonly samples: Int16Array };

const MIXED: readonly NoiseKind[] = ['white', 'pink', 'babble', 'music', 'typing', 'street'];
export const SNRS_DB: readonly number[] = [20, 10, 5, 0];
export const BURST_KINDS: readonly NoiseKind[] = ['white', 'music', 'typing', 'street', 'tones', 'dtmf', 'alerts'];
export const NOISE_KINDS: readonly NoiseKind[] = ['white', 'pink', 'music', 'typing', 'street', 'tones', 'dtmf', 'alerts'];

export const BURSTS: Readonly<Record<Half, number>> = { tune: 40, test: 60 };
/** Noise alone: so long at -26 dBov, then as long at -36 dBov. */
export const NOISE_MINUTES: Readonly<Record<Half, number>> = { tune: 6, test: 10 };
const LOUD_DBOV = -26;
const SOFT_DBOV = -36;
/** What a noise is cut to for its level to be measured: the meter wants no hours. */
const MEASURED_MS = 120_000;
const QUIET_DB = -20;
const FLOOR_MS = 60_000;

/** All streams of a half, one by one: together they would fill the memory. */
export function* streamsOf(turns: readonly BuiltTurn[], sources: NoiseSources): Generator<Made> {
  const { half } = sources;
  const floor = lineFloor(samplesOfMs(FLOOR_MS), `floor of ${half}`);
  yield* dialogues(turns, sources, floor);
  for (const kind of BURST_KINDS) yield bursts(kind, turns, sources, floor);
  for (const kind of NOISE_KINDS) yield alone(kind, sources, floor);
}

function* dialogues(turns: readonly BuiltTurn[], sources: NoiseSources, floor: Sound): Generator<Made> {
  const { half } = sources;
  const layout = laidOut(half, turns);
  const speech = rendered(layout);
  const labels = labelsOf(layout);
  const about = { half, kind: 'dialogue', durationMs: msOfSamples(speech.length), turns: labels, bursts: [] } as const;
  yield { ...about, name: `${half}-dialogue-clean`, condition: {}, samples: onLine(speech, floor) };
  const noisyFloor = speech.slice();
  for (let at = 0; at < noisyFloor.length; at += floor.length) addInto(noisyFloor, floor, at);
  yield { ...about, name: `${half}-dialogue-dtx`, condition: { variant: 'dtx' }, samples: throughMuLaw(withoutSilence(noisyFloor, labels)) };
  yield { ...about, name: `${half}-dialogue-quiet`, condition: { variant: 'quiet' }, samples: onLine(scaled(speech, amplitudeOfDb(QUIET_DB)), floor) };
  const levelDbov = activeLevelDbov(speech);
  for (const kind of MIXED) {
    const sound = noise(kind, sources, speech.length, 'dialogue');
    for (const snrDb of SNRS_DB) {
      yield { ...about, name: `${half}-dialogue-${kind}-${snrDb}dB`, condition: { noise: kind, snrDb }, samples: onLine(mixedAt(speech, sound, snrDb, levelDbov), floor) };
    }
  }
}

const BURST_MS = 3000;
const BEFORE_BURST_MS = [1000, 4000] as const;
const AFTER_BURST_MS = [1000, 3000] as const;
const BURST_DB = 3;
const LONGEST_TURN_MS = 5000;

/** A turn, a pause, a burst, a pause, the next turn. */
function bursts(kind: NoiseKind, turns: readonly BuiltTurn[], sources: NoiseSources, floor: Sound): Made {
  const { half } = sources;
  const dice = new Dice(`bursts of ${kind} in ${half}`);
  const loud = loudness(half, dice);
  const short = dice.shuffled(turns.filter((turn) => msOfSamples(turn.sound.length) < LONGEST_TURN_MS));
  const cut = burstsOf(kind, sources, BURSTS[half], dice);
  const placed: Placed[] = [];
  const sounds: { sound: Sound; at: number }[] = [];
  let free = samplesOfMs(1500);
  for (let i = 0; i <= cut.length; i++) {
    const turn = short[i % short.length] as BuiltTurn;
    const at = free - (turn.segments[0] as Range).begin;
    placed.push({ turn, at, gainDb: loud(turn) });
    free = at + (turn.segments.at(-1) as Range).end + samplesOfMs(dice.between(...BEFORE_BURST_MS));
    const sound = cut[i];
    if (sound === undefined) continue;
    sounds.push({ sound, at: free });
    free += sound.length + samplesOfMs(dice.between(...AFTER_BURST_MS));
  }
  const layout = { placed, samples: free };
  const out = rendered(layout);
  for (const { sound, at } of sounds) addInto(out, sound, at);
  const spans: Span[] = sounds.map(({ sound, at }) => spanAt({ begin: 0, end: sound.length }, at));
  return {
    name: `${half}-bursts-${kind}`, half, kind: 'bursts', condition: { noise: kind }, durationMs: msOfSamples(out.length),
    turns: labelsOf(layout), bursts: spans, samples: onLine(out, floor),
  };
}

/** Pieces of 3 s out of a long noise, each of which is heard from its beginning on and for most of its time. */
function burstsOf(kind: NoiseKind, sources: NoiseSources, count: number, dice: Dice): Sound[] {
  const samples = samplesOfMs(BURST_MS);
  const all = noise(kind, sources, samples * 5 * count, 'bursts', 'dense');
  const usual = rmsOf(all);
  const found: Sound[] = [];
  for (let slot = 0; found.length < count; slot = (slot + 1) % (5 * count)) {
    const at = Math.min(all.length - samples, slot * samples + dice.below(samples));
    const part = all.slice(at, at + samples);
    const begins = rmsOf(part, 0, samplesOfMs(100)) > 0.3 * rmsOf(part);
    if (!begins || heardShare(part, 0.1 * usual) < 0.5) continue;
    found.push(atActiveLevel(faded(part, 5, 5), LOUD_DBOV + dice.between(-BURST_DB, BURST_DB)));
  }
  return found;
}

/** Of tenths of a second, how many are louder than that. */
function heardShare(sound: Sound, rms: number): number {
  const tenth = samplesOfMs(100);
  const count = Math.floor(sound.length / tenth);
  let heard = 0;
  for (let i = 0; i < count; i++) if (rmsOf(sound, i * tenth, (i + 1) * tenth) > rms) heard++;
  return heard / count;
}

/** Nobody speaks. Its level is that of its active part: silence between keys and rings does not count. */
function alone(kind: NoiseKind, sources: NoiseSources, floor: Sound): Made {
  const { half } = sources;
  const samples = samplesOfMs(NOISE_MINUTES[half] * 60_000);
  const loud = noise(kind, sources, samples, 'alone, loud');
  const soft = noise(kind, sources, samples, 'alone, soft');
  const at = (sound: Sound, dbov: number): Sound => scaled(sound, amplitudeOfDb(dbov - activeLevelDbov(sound.subarray(0, samplesOfMs(MEASURED_MS)))));
  const out = joined([silence(500), at(loud, LOUD_DBOV), at(soft, SOFT_DBOV), silence(500)]);
  return { name: `${half}-noise-${kind}`, half, kind: 'noise', condition: { noise: kind }, durationMs: msOfSamples(out.length), turns: [], bursts: [], samples: onLine(out, floor) };
}
