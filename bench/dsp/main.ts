import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT } from '../../voice-node/config.js';
import { writeResults } from '../rig/report.js';
import { measureAllocation, type Allocation } from './allocation.js';
import { OURS, type Contender } from './contenders.js';
import { measureCost, type Cost } from './cost.js';
import { PEERS } from './peers.js';
import { drawAll, impulseLines } from './plots.js';
import { measureQuality, streamingFacts, type Quality, type StreamingFacts } from './quality.js';
import { tables } from './tables.js';
import { measureTalkOff } from './talk-off.js';

/**
 * npm run bench -- dsp [-- --quick] [--speech folder]
 *
 * Quality, delay, cost and allocation of our resamplers and of every peer that npm installs, in one run, measured
 * from outside. Writes bench/results/dsp.json, the tables docs/dsp/measured.md and the pictures of docs/dsp.md.
 */
const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false }, speech: { type: 'string' } } });

const ALL: readonly Contender[] = [...OURS, ...PEERS];
const CONVERSATION = OURS[0] as Contender;
const POINTS = options.quick ? 12 : 24;
const ROUNDS = options.quick ? 3 : 7;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function qualities(contenders: readonly Contender[], fromHz: number, toHz: number): Promise<Quality[]> {
  const results: Quality[] = [];
  for (const contender of contenders) {
    say(`quality ${fromHz} -> ${toHz}: ${contender.name}`);
    results.push(await measureQuality(contender, fromHz, toHz, POINTS));
  }
  return results;
}

async function facts(fromHz: number, toHz: number): Promise<StreamingFacts[]> {
  const results: StreamingFacts[] = [];
  for (const contender of ALL) results.push(await streamingFacts(contender, fromHz, toHz));
  return results;
}

async function costs(): Promise<Cost[]> {
  const beside = PEERS.filter((peer) => peer.name === 'rtc-node HIGH' || peer.name === 'wave-resampler cubic');
  const results: Cost[] = [];
  for (const [fromHz, toHz] of [[48000, 8000], [8000, 48000]] as const) {
    say(`cost ${fromHz} -> ${toHz}`);
    results.push(...(await measureCost(ALL, fromHz, toHz, ROUNDS)));
  }
  for (const [fromHz, toHz] of [[48000, 16000], [16000, 48000], [48000, 24000], [24000, 48000], [44100, 48000], [48000, 44100], [22050, 48000], [16000, 8000], [8000, 16000]] as const) {
    say(`cost ${fromHz} -> ${toHz}`);
    results.push(...(await measureCost([...OURS, ...beside], fromHz, toHz, ROUNDS)));
  }
  return results;
}

async function allocations(): Promise<Allocation[]> {
  const results: Allocation[] = [];
  for (const [fromHz, toHz] of [[48000, 8000], [8000, 48000], [48000, 16000], [44100, 48000]] as const) {
    // The peers in both telephone directions; that they allocate elsewhere too needs no measurement.
    for (const contender of Math.min(fromHz, toHz) === 8000 ? ALL : OURS) {
      for (const format of contender.formats) {
        say(`allocation ${fromHz} -> ${toHz}: ${contender.name} ${format}`);
        const frames = contender.name.endsWith('archive') && Math.min(fromHz, toHz) > 8000 ? 20_000 : 100_000;
        results.push(await measureAllocation(contender, fromHz, toHz, format, contender.ours ? frames : 2000));
      }
    }
  }
  return results;
}

const allocation = await allocations();
const cost = await costs();
const down = await qualities(ALL, 48000, 8000);
const up = await qualities(ALL, 8000, 48000);
const more: Quality[] = [];
for (const [fromHz, toHz] of [[48000, 16000], [16000, 48000], [48000, 24000], [24000, 48000], [44100, 48000], [48000, 44100], [22050, 48000], [24000, 16000], [16000, 8000], [8000, 16000]] as const) {
  more.push(...(await qualities([CONVERSATION], fromHz, toHz)));
}
const streaming = { down: await facts(48000, 8000), up: await facts(8000, 48000) };
const talkOff = options.speech === undefined ? null : measureTalkOff(options.speech);
drawAll(join(ROOT, 'docs/dsp'), down, up, streaming.down, cost, await impulseLines(ALL, 8000, 48000));
const markdown = tables({ down, up, more, streaming, cost, allocation, talkOff });
say(markdown);
writeFileSync(join(ROOT, 'docs/dsp/measured.md'), `# What npm run bench -- dsp measured\n\n${markdown}`);
writeResults('dsp', { down, up, more, streaming, cost, allocation, talkOff });
// The peers' native threads would keep the process.
process.exit(0);
