import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT } from '../../voice-node/config.js';
import type { SpeechRule } from '../../voice-node/domain/speech.js';
import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import type { GateOptions } from '../../voice-node/providers/vad/gate.js';
import { writeResults } from '../rig/report.js';
import { SpeechSet } from '../rig/speech-set.js';
import type { Half } from '../speech-set/format.js';
import { ourContenders, peerContenders } from './contenders.js';
import { conditionName } from './groups.js';
import { drawAll } from './plots.js';
import { outcomesOf } from './run.js';
import { Results, aucTable, conditionTable, goalTable, interruptionTable, noiseTable, pauseTable, reactionTable } from './tables.js';

/**
 * npm run bench -- hearing [-- --half tune] [--only pattern] [--who pattern] [--rule json] [--gate json]
 *
 * Every detector and the whole of hearing on the labelled set, beside the loops and settings of others. Scores the half
 * `test`; thresholds are chosen on `tune`. `--only` and `--who` are regular expressions for names of streams and of
 * contenders; `--rule` and `--gate` change Silero's rule and gate. Writes bench/results/hearing.json and, in
 * bench/results/hearing/, the tables and the plots.
 */
const { values: options } = parseArgs({
  options: {
    half: { type: 'string', default: 'test' },
    only: { type: 'string', default: '' },
    who: { type: 'string', default: '' },
    rule: { type: 'string', default: '{}' },
    gate: { type: 'string', default: '{}' },
  },
});
const { half } = options;
if (half !== 'test' && half !== 'tune') throw new Error(`--half: expected test or tune, got ${half}`);

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const set = SpeechSet.open();
const streams = set.streams(half satisfies Half).filter(({ name }) => new RegExp(options.only).test(name));
const factory = await loadDetectors({
  rules: { silero: JSON.parse(options.rule) as Partial<SpeechRule> },
  gate: JSON.parse(options.gate) as Partial<GateOptions>,
});
const contenders = [...ourContenders(factory), ...peerContenders()].filter(({ name }) => new RegExp(options.who, 'i').test(name));
const ours = contenders.filter((contender) => contender.ours);

const outcomes = await outcomesOf(contenders, streams, set, (done) => process.stderr.write(`\r${done} of ${streams.length} streams `));
process.stderr.write('\n');

const results = new Results(outcomes);
const names = (kind: string): string[] => streams.filter((stream) => stream.kind === kind).map(({ name }) => name);
const conditions = [...new Set(streams.filter(({ kind }) => kind === 'dialogue').map(({ condition }) => conditionName(condition)))];
const tables = [
  goalTable(results, contenders),
  conditionTable(results, contenders, conditions),
  noiseTable(results, contenders, names('noise')),
  interruptionTable(results, ours, names('noise')),
  reactionTable(results, ours),
  pauseTable(results, contenders),
  aucTable(results, contenders),
].join('\n\n');
say(tables);

const folder = join(ROOT, 'bench/results/hearing');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `${half}.md`), `${tables}\n`);
say(`\nplots in bench/results/hearing: ${drawAll(folder, results, contenders, half).join(', ')}`);
writeResults('hearing', {
  half,
  set: set.manifest.version,
  streams: outcomes.map(({ contender, score: { stream, ...score }, confirm, immediate }) => ({ contender, stream: stream.name, ...score, confirm, immediate })),
});
factory.close();
// ONNX Runtime's threads would keep the process.
process.exit(0);
