import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { COLOURS, drawPlot, type Line } from '../dsp/svg.js';
import { dialogue, isClean, noisy, type Pick } from './groups.js';
import type { Contender } from './heard.js';
import type { Results } from './tables.js';

const GROUPS: readonly (readonly [file: string, label: string, pick: Pick])[] = [
  ['clean', 'clean', dialogue(isClean)],
  ['20db', 'five noises, 20 dB', noisy(20)],
  ['10db', 'five noises, 10 dB', noisy(10)],
  ['5db', 'five noises, 5 dB', noisy(5)],
  ['0db', 'five noises, 0 dB', noisy(0)],
];

/** Writes every plot and returns the files' names. */
export function drawAll(folder: string, results: Results, contenders: readonly Contender[], half: string): string[] {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, svg: string): void => {
    writeFileSync(join(folder, name), svg);
    written.push(name);
  };
  for (const [file, label, pick] of GROUPS) {
    const lines = contenders.flatMap((contender, i) => rocLine(results, contender, i, pick));
    if (lines.length > 0) write(`roc-${file}.svg`, rocPlot(label, half, lines));
    const onsets = contenders.flatMap((contender, i) => onsetLine(results, contender, i, pick));
    if (onsets.length > 0) write(`onset-${file}.svg`, onsetPlot(label, half, onsets));
    const ends = contenders.flatMap((contender, i) => endLine(results, contender, i, pick));
    if (ends.length > 0) write(`end-${file}.svg`, endPlot(label, half, ends));
  }
  return written;
}

type Style = { readonly label: string; readonly colour: string; readonly dashed: boolean };

const style = ({ name, ours }: Contender, index: number): Style => ({ label: name, colour: COLOURS[index % COLOURS.length] as string, dashed: !ours });

function rocLine(results: Results, contender: Contender, index: number, pick: Pick): Line[] {
  const separation = results.separation(contender.name, pick);
  if (separation === undefined || Number.isNaN(separation.auc())) return [];
  const { falseAlarms, hits } = separation.roc();
  return [{ ...style(contender, index), x: falseAlarms.map((x) => 100 * x), y: hits.map((y) => 100 * y) }];
}

const rocPlot = (label: string, half: string, lines: readonly Line[]): string =>
  drawPlot({
    title: `Speech found against false alarms: ${label}`,
    note: `20 ms frames of the half "${half}", every threshold; up and to the left is better`,
    x: { label: 'frames without speech taken for speech, %', from: 0, to: 30, step: 5 },
    y: { label: 'frames of speech found, %', from: 0, to: 100, step: 10 },
    lines,
  });

/** Cumulative share of all turns, the missed ones included: the curve ends at what was found. */
function cumulative(values: readonly number[], of: number, most: number): { readonly x: number[]; readonly y: number[] } {
  const sorted = [...values].sort((a, b) => a - b);
  const x = [0];
  const y = [0];
  sorted.forEach((value, i) => {
    if (value > most) return;
    x.push(value, value);
    y.push((100 * i) / of, (100 * (i + 1)) / of);
  });
  x.push(most);
  y.push(y.at(-1) as number);
  return { x, y };
}

const ONSET_MOST_MS = 500;
const END_MOST_MS = 1800;

function onsetLine(results: Results, contender: Contender, index: number, pick: Pick): Line[] {
  const { turns, onsetMs } = results.figures(contender.name, pick);
  return turns === 0 ? [] : [{ ...style(contender, index), ...cumulative(onsetMs, turns, ONSET_MOST_MS) }];
}

function endLine(results: Results, contender: Contender, index: number, pick: Pick): Line[] {
  const { turns, endMs } = results.figures(contender.name, pick);
  return turns === 0 ? [] : [{ ...style(contender, index), ...cumulative(endMs, turns, END_MOST_MS) }];
}

const onsetPlot = (label: string, half: string, lines: readonly Line[]): string =>
  drawPlot({
    title: `How soon speech is noticed: ${label}`,
    note: `turns of the half "${half}"; from the true onset to the arrival of the frame that tells`,
    x: { label: 'ms after the onset', from: 0, to: ONSET_MOST_MS, step: 50 },
    y: { label: 'turns noticed, %', from: 0, to: 100, step: 10 },
    lines,
  });

const endPlot = (label: string, half: string, lines: readonly Line[]): string =>
  drawPlot({
    title: `When speech is said to be over: ${label}`,
    note: `turns of the half "${half}"; from the true end; each waits for the silence that it is set to`,
    x: { label: 'ms after the end', from: 0, to: END_MOST_MS, step: 200 },
    y: { label: 'turns ended, %', from: 0, to: 100, step: 10 },
    lines,
  });
