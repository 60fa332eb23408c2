import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROOT } from '../../voice-node/config.js';
import { DEFAULT_END_OF_TURN, endOfTurnOptions, type EndOfTurnOptions } from '../../voice-node/hearing/end-of-turn.js';
import type { Ending } from '../../voice-node/hearing/prosody.js';
import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import { drawPlot, COLOURS } from '../dsp/svg.js';
import { SpeechSet } from '../rig/speech-set.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed } from '../rig/statistics.js';
import { recordedCalls } from './callers.js';
import { areaUnder, examplesOf, fit } from './fit.js';
import { endsByScore, endsOf, hear, judge, type Heard, type Judged } from './heard.js';
import { saidTalks } from './said.js';
import { LENGTHS_MS, ORIGINS, scoreOf, shareCut, total, type Score } from './score.js';
import { talkOf, type PauseOrigin } from './talk.js';

/**
 * npm run bench -- turns [-- --fit] [--half tune]
 *
 * How soon the end of a turn is noticed, and how many pauses are taken for one: a fixed silence beside hearing/end-of-turn,
 * with Silero, on the half of the set that nothing was fitted on. `--fit` fits the rule on the other half and prints it.
 * Writes bench/results/turns.json and docs/hearing/turns.svg.
 */
const { values: options } = parseArgs({ options: { fit: { type: 'boolean', default: false }, half: { type: 'string', default: 'test' } } });
const FIXED_MS = [300, 400, 500, 600, 700, 800, 900];
const RULE: readonly (keyof Ending)[] = ['levelDb', 'peakDb', 'pitchSt'];
const FEATURES: readonly (keyof Ending)[] = [...RULE, 'fallDb', 'slopeStPerS', 'lengthening', 'voicedMs'];

const say = (line: string): void => console.log(line);
const half = options.half === 'tune' ? 'tune' : 'test';
const detectors = await loadDetectors({ kinds: ['silero'] });
const set = SpeechSet.open();
const wanted = (each: { readonly half: string }): boolean => options.fit || each.half === half;
const calls = (await recordedCalls(say)).filter(wanted).map((talk) => hear(talk, detectors));
const dialogues = set.manifest.streams
  .filter((stream) => wanted(stream) && stream.kind === 'dialogue' && stream.condition.variant === undefined && (stream.condition.noise === undefined || stream.condition.snrDb === 10))
  .map((stream) => hear(talkOf(set, stream), detectors));
const isClean = ({ talk }: Heard): boolean => talk.name.endsWith('clean');

const of = (heards: readonly Heard[], which: 'tune' | 'test'): Heard[] => heards.filter(({ talk }) => talk.half === which);

if (options.fit) {
  const tune = [...of(calls, 'tune'), ...of(dialogues, 'tune').filter(isClean)].flatMap(examplesOf).filter(({ origin }) => origin !== 'joined');
  const found = fit(tune, RULE);
  say(`\nfitted on ${tune.length} (${tune.filter((each) => each.finished).length} ends of turns): bias ${fixed(found.bias, 3)}, ${RULE.map((name, k) => `${name} ${fixed(found.weights[k] ?? 0, 4)}`).join(', ')}`);
  const test = of(calls, 'test').flatMap(examplesOf);
  const rule = ({ ending }: { readonly ending: Ending }): number => found.bias + RULE.reduce((sum, name, k) => sum + (found.weights[k] ?? 0) * ending[name], 0);
  const area = (examples: typeof test, origin: PauseOrigin, value: (each: (typeof test)[number]) => number): string =>
    fixed(areaUnder(examples.filter((each) => each.finished || each.origin === origin).map((each) => ({ score: value(each), finished: each.finished }))), 2);
  const row = (name: string, value: (each: (typeof test)[number]) => number): string[] => [name, area(tune, 'stretched', value), area(tune, 'lengthened', value), area(test, 'stretched', value), area(test, 'lengthened', value)];
  printTable('Turn or pause: area under the curve (0.5 knows nothing, below 0.5 speaks against the end)', ['', 'tune, inside phrases', 'tune, between', 'test, inside phrases', 'test, between'], [
    ...FEATURES.map((name) => row(name, ({ ending }) => ending[name])),
    row('the rule', rule),
  ]);
}

const judged = new Map<Heard, Judged>();
const runs = (heards: readonly Heard[], ends: (heard: Heard) => readonly number[]): Score => scoreOf(heards.map((heard) => ({ talk: heard.talk, ends: ends(heard) })));
const withRule = (heards: readonly Heard[], rule: EndOfTurnOptions): Score =>
  runs(heards, (heard) => {
    const known = judged.get(heard) ?? judge(heard);
    judged.set(heard, known);
    return endsByScore(heard, known, rule);
  });
/** The same rule, quicker or slower as a whole. */
const scaled = (factor: number): EndOfTurnOptions =>
  endOfTurnOptions({ silenceMs: factor * DEFAULT_END_OF_TURN.silenceMs, minSilenceMs: factor * DEFAULT_END_OF_TURN.minSilenceMs, maxSilenceMs: Math.min(5000, factor * DEFAULT_END_OF_TURN.maxSilenceMs) });

const share = (score: Score, bucket: number, origins: readonly PauseOrigin[] = ORIGINS): string => {
  const tally = total(origins.map((origin) => score.by[origin][bucket] ?? { pauses: 0, cut: 0 }));
  return tally.pauses === 0 ? '' : `${fixed(100 * shareCut(tally), 0)} % of ${tally.pauses}`;
};
const line = (name: string, score: Score, origins?: readonly PauseOrigin[]): string[] => [
  name, fixed(score.delay.median, 0), fixed(score.meanDelayMs, 0), fixed(score.delay.p95, 0), String(score.missed),
  `${fixed(100 * shareCut(score.all), 1)} %`, ...LENGTHS_MS.map((_, bucket) => share(score, bucket, origins)),
];
const HEAD = ['', 'median ms', 'mean', 'p95', 'missed', 'pauses cut', ...LENGTHS_MS.map(([from, to]) => (to === Infinity ? `${from / 1000} s and more` : `${from / 1000} to ${to / 1000} s`))];

const results: Record<string, unknown> = { half, set: set.manifest.version };
const groups: readonly (readonly [string, readonly Heard[]])[] = [
  ['calls, one voice each', of(calls, half)],
  ['the set, clean', of(dialogues, half).filter(isClean)],
  ['the set, 10 dB', of(dialogues, half).filter((heard) => !isClean(heard) && !heard.talk.name.includes('babble'))],
];
for (const [name, heards] of groups) {
  const plain = FIXED_MS.map((ms) => [ms, runs(heards, (heard) => endsOf(heard, ms))] as const);
  const rule = runs(heards, (heard) => endsOf(heard, 500, DEFAULT_END_OF_TURN));
  const curve = [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6].map((factor) => [factor, withRule(heards, scaled(factor))] as const);
  printTable(`${name} (${half}): ${rule.turns} turns, ${rule.all.pauses} pauses`, HEAD, [
    ...plain.map(([ms, score]) => line(`fixed ${ms}`, score)),
    ...curve.map(([factor, score]) => line(`by its sound, x ${factor}`, score)),
    ...ORIGINS.filter((origin) => total(rule.by[origin]).pauses > 0).flatMap((origin) => {
      const at500 = plain.find(([ms]) => ms === 500)?.[1] ?? rule;
      return [['fixed 500', at500] as const, ['by its sound', rule] as const].map(([what, score]) => [
        `${what}: ${origin}`, '', '', '', '', `${fixed(100 * shareCut(total(score.by[origin])), 1)} %`, ...LENGTHS_MS.map((_, bucket) => share(score, bucket, [origin])),
      ]);
    }),
  ]);
  results[name] = { fixed: Object.fromEntries(plain), rule, curve: Object.fromEntries(curve) };
  if (name.startsWith('calls')) plot(name, plain.map(([, score]) => score), curve.map(([, score]) => score));
}

const said = (await saidTalks()).map((each) => ({ ...each, heard: hear(each.talk, detectors) }));
const saidScore = (ends: (each: (typeof said)[number]) => readonly number[]): Score => scoreOf(said.map((each) => ({ talk: each.talk, ends: ends(each) })));
const saidRows = [
  ['fixed 500', saidScore(({ heard }) => endsOf(heard, 500))],
  ['fixed 900', saidScore(({ heard }) => endsOf(heard, 900))],
  ['by its sound', saidScore(({ heard }) => endsOf(heard, 500, DEFAULT_END_OF_TURN))],
  ['by sound and words', saidScore(({ heard, words }) => endsOf(heard, 500, DEFAULT_END_OF_TURN, words))],
  ['and full stops', saidScore(({ heard, words }) => endsOf(heard, 500, DEFAULT_END_OF_TURN, words.map(({ atMs, text, last }) => ({ atMs, text: last ? `${text}.` : text }))))],
] as const;
printTable('Hesitations in synthetic speech, partial transcripts 250 ms late (nothing was fitted here)', HEAD, saidRows.map(([name, score]) => line(name, score)));
results['said'] = Object.fromEntries(saidRows);
detectors.close();
writeResults('turns', results);

function plot(name: string, plain: readonly Score[], curve: readonly Score[]): void {
  const points = (scores: readonly Score[], x: (score: Score) => number): { x: number[]; y: number[] } => ({ x: scores.map(x), y: scores.map((score) => 100 * shareCut(score.all)) });
  const svg = drawPlot({
    title: `Pauses taken for the end against the delay: ${name}`,
    note: `recorded voices, pauses lengthened, half "${half}"; down and to the left is better`,
    x: { label: 'true end of the turn to the end of the utterance, ms', from: 300, to: 1100, step: 100 },
    y: { label: 'pauses cut, %', from: 0, to: 80, step: 10 },
    lines: [
      { label: 'fixed silence, median', colour: COLOURS[3] ?? '#d1495b', ...points(plain, (score) => score.delay.median) },
      { label: 'by its sound, median', colour: COLOURS[0] ?? '#0b6e4f', ...points(curve, (score) => score.delay.median) },
      { label: 'fixed silence, mean', colour: COLOURS[3] ?? '#d1495b', dashed: true, ...points(plain, (score) => score.meanDelayMs) },
      { label: 'by its sound, mean', colour: COLOURS[0] ?? '#0b6e4f', dashed: true, ...points(curve, (score) => score.meanDelayMs) },
    ],
  });
  writeFileSync(join(ROOT, 'docs/hearing/turns.svg'), svg);
}
