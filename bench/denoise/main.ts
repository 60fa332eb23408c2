import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../voice-node/config.js';
import { loadDenoisers } from '../../voice-node/providers/denoise/rnnoise.js';
import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import { printTable, writeResults } from '../rig/report.js';
import { SpeechSet } from '../rig/speech-set.js';
import { fixed } from '../rig/statistics.js';
import type { Stream } from '../speech-set/format.js';
import { scene } from './audio.js';
import { costOf } from './cost.js';
import { detectorOn, type DetectorFigures } from './detector.js';
import { materialOf, type Band, type Material } from './material.js';
import { conditionName, wordsIn, type Condition, type WordScore } from './words.js';

/**
 * npm run bench -- denoise [-- --part cost,detector,telephone,full] [--snr 20,10,5,0] [--sentences 13]
 *
 * What noise suppression costs and what it brings: CPU and memory; turns missed, onset delay and false starts of
 * Silero on the test half of the labelled set; word errors of pocketsphinx, on a telephone line heard at 8 kHz and
 * from a browser heard at 16 kHz; each with and without it. `--sentences`: so many of them, evenly chosen; all take
 * hours. Writes bench/results/denoise.json after each condition: what is not measured again stays as it is.
 */
const { values: options } = parseArgs({ options: { part: { type: 'string', default: 'cost,detector,telephone,full' }, snr: { type: 'string', default: '20,10,5,0' }, sentences: { type: 'string', default: '13' } } });
const parts = options.part.split(',');
const snrsDb = options.snr.split(',').map(Number);
const set = SpeechSet.open();
const denoisers = await loadDenoisers();
const kept = earlier();

async function cost(): Promise<object> {
  const { spoken, noises } = await materialOf('telephone', set);
  const noise = noises.get('street');
  const wire = scene(Int16Array.from(spoken.slice(0, 8).flatMap(({ samples }) => [...samples])), noise && { samples: noise, at: 0, snrDb: 10 });
  const result = await costOf(denoisers, wire);
  printTable('RNNoise, for 20 ms of a call', ['mean CPU', 'p50', 'p99', 'allocated', 'memory per call'], [
    [`${fixed(result.meanUs)} us`, `${fixed(result.p50Us)} us`, `${fixed(result.p99Us)} us`, `${fixed(result.bytesPerFrame)} B`, `${fixed(result.kibPerCall)} KiB`],
  ]);
  return result;
}

const NOISES = ['white', 'pink', 'babble', 'music', 'typing', 'street'];

async function detector(): Promise<void> {
  const detectors = await loadDetectors({ kinds: ['silero'] });
  const streams = set.streams('test');
  const groups: [string, Stream[]][] = [['clean', streams.filter(({ kind, condition }) => kind === 'dialogue' && condition.noise === undefined && condition.variant === undefined)]];
  for (const snrDb of snrsDb) {
    for (const noise of NOISES) groups.push([`${noise} ${snrDb} dB`, streams.filter(({ kind, condition }) => kind === 'dialogue' && condition.noise === noise && condition.snrDb === snrDb)]);
  }
  groups.push(['after bursts', streams.filter(({ kind }) => kind === 'bursts')]);
  for (const { name, ...stream } of streams.filter(({ kind }) => kind === 'noise')) groups.push([name.replace(/^test-/, ''), [{ name, ...stream }]]);
  const results: Record<string, { readonly plain: DetectorFigures; readonly denoised: DetectorFigures }> = {};
  for (const [name, group] of groups) {
    results[name] = { plain: detectorOn(group, set, detectors, () => undefined), denoised: detectorOn(group, set, detectors, () => denoisers.create()) };
    process.stderr.write(`${name}: ${JSON.stringify(results[name])}\n`);
    keep('detector', { ...(kept['detector'] as typeof results | undefined), ...results });
  }
  detectors.close();
  const both = (figures: { readonly plain: DetectorFigures; readonly denoised: DetectorFigures }, value: (figures: DetectorFigures) => string): string => `${value(figures.plain)} / ${value(figures.denoised)}`;
  const shown = (value: number, unit = ''): string => (Number.isFinite(value) ? `${fixed(value)}${unit}` : '-');
  printTable(
    'Silero without / with noise suppression',
    ['', 'turns missed %', 'onset median ms', 'onset p95 ms', 'false starts an hour', 'next missed %'],
    Object.entries(results).map(([name, figures]) => [
      name,
      ...[(f: DetectorFigures) => f.missedPercent, (f: DetectorFigures) => f.onsetMedianMs, (f: DetectorFigures) => f.onsetP95Ms, (f: DetectorFigures) => f.falseStartsPerHour, (f: DetectorFigures) => f.nextMissedPercent].map((value) =>
        both(figures, (each) => shown(value(each))),
      ),
    ]),
  );
}

/** As many sentences as are wanted, from all parts of the list. */
const some = ({ spoken, noises }: Material, count: number): Material => ({ noises, spoken: spoken.filter((_, i) => Math.floor((i * count) / spoken.length) !== Math.floor(((i - 1) * count) / spoken.length)) });

async function words(band: Band): Promise<void> {
  const material = some(await materialOf(band, set), Number(options.sentences));
  const rateHz = band === 'telephone' ? 8000 : 16_000;
  const conditions: Condition[] = [{}, ...snrsDb.flatMap((snrDb) => [...material.noises.keys()].map((noise) => ({ noise, snrDb })))];
  const denoiser = denoisers.create();
  const rows: WordRow[] = [];
  for (const condition of conditions) {
    const [plain, denoised] = await Promise.all([wordsIn(material, condition, rateHz, undefined), wordsIn(material, condition, rateHz, denoiser)]);
    rows.push({ condition, plain, denoised });
    process.stderr.write(`${conditionName(condition)}: ${percent([plain])} ${percent([denoised])}\n`);
    keep(band, merged(band, rows));
  }
  denoiser.close();
  const noisy = rows.filter(({ condition }) => condition.noise !== undefined);
  const table: [string, typeof rows][] = [
    ...rows.map((row): [string, typeof rows] => [conditionName(row.condition), [row]]),
    ...snrsDb.map((snrDb): [string, typeof rows] => [`all at ${snrDb} dB`, noisy.filter(({ condition }) => condition.snrDb === snrDb)]),
    ['all that is noisy', noisy],
  ];
  printTable(
    `Word errors of pocketsphinx, ${band} band heard at ${rateHz / 1000} kHz, ${material.spoken.length} sentences`,
    ['', 'without', 'with'],
    table.map(([name, some]) => [name, percent(some.map(({ plain }) => plain)), percent(some.map(({ denoised }) => denoised))]),
  );
}

interface WordRow {
  readonly condition: Condition;
  readonly plain: WordScore;
  readonly denoised: WordScore;
}

/** These rows, and those of earlier runs over as many words. */
function merged(band: Band, rows: readonly WordRow[]): object {
  const fresh = rows.map(({ condition, plain, denoised }) => ({ condition: conditionName(condition), plain, denoised }));
  const old = (kept[band] ?? []) as typeof fresh;
  return [...old.filter(({ condition, plain }) => plain.words === fresh[0]?.plain.words && !fresh.some((row) => row.condition === condition)), ...fresh];
}

const percent = (scores: readonly WordScore[]): string => {
  const [errors, all] = [scores.reduce((sum, score) => sum + score.errors, 0), scores.reduce((sum, score) => sum + score.words, 0)];
  return `${fixed((100 * errors) / all)} %`;
};

for (const part of parts) {
  if (part === 'cost') keep(part, await cost());
  else if (part === 'detector') await detector();
  else if (part === 'telephone' || part === 'full') await words(part);
  else throw new Error(`--part: expected cost, detector, telephone or full, got ${part}`);
}

/** A part's figures as they stand, with the parts that other runs have measured. */
function keep(part: string, figures: object): void {
  kept[part] = figures;
  writeResults('denoise', kept);
}

/** What earlier runs have measured. */
function earlier(): Record<string, object> {
  const file = join(ROOT, 'bench/results/denoise.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly results: Record<string, object> }).results : {};
}
