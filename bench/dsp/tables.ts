import type { Allocation } from './allocation.js';
import type { Cost } from './cost.js';
import type { Quality, StreamingFacts } from './quality.js';
import type { TalkOff } from './talk-off.js';

export interface Results {
  readonly down: readonly Quality[];
  readonly up: readonly Quality[];
  readonly more: readonly Quality[];
  readonly streaming: { readonly down: readonly StreamingFacts[]; readonly up: readonly StreamingFacts[] };
  readonly cost: readonly Cost[];
  readonly allocation: readonly Allocation[];
  readonly talkOff: TalkOff | null;
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

const fixed = (value: number | null, digits: number): string => (value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits));
const kHz = (hz: number): string => `${hz / 1000}`;

/** wave-resampler treats each frame as a file: it has no delay nor gain, and its figures say how large the damage is. */
function qualityTable(title: string, rows: readonly Quality[], withRates: boolean): string {
  return table(
    title,
    [...(withRates ? ['kHz'] : []), 'resampler', 'ripple, dB', 'alias or image in band, dB', 'anywhere, dB', 'THD+N float', 'THD+N int16', 'filter delay, ms', 'spread, ms', 'worst in the stream, ms'],
    rows.map((row) => [
      ...(withRates ? [`${kHz(row.fromHz)} → ${kHz(row.toHz)}`] : []),
      row.name,
      row.name.startsWith('wave') ? '–' : `±${row.rippleDb < 0.01 ? row.rippleDb.toFixed(6) : row.rippleDb.toFixed(3)}`,
      fixed(row.aliasDb, 1),
      fixed(row.aliasAnywhereDb, 1),
      fixed(row.thdFloatDb, 1),
      fixed(row.thdInt16Db, 1),
      row.name.startsWith('wave') ? '–' : fixed(row.filterDelayMs, 3),
      row.name.startsWith('wave') ? '–' : fixed(row.delaySpreadMs, 2),
      row.name.startsWith('wave') ? '–' : fixed(row.streamDelayMs, 2),
    ]),
  );
}

function streamingTable(title: string, rows: readonly StreamingFacts[]): string {
  return table(
    title,
    ['resampler', 'samples for each 20 ms', 'first ten', 'another cut changes', 'silence becomes noise', 'wraps'],
    rows.map((row) => [
      row.name,
      row.fewest === row.most ? `${row.most}` : `${row.fewest} to ${row.most}`,
      row.counts.slice(0, 10).join(' '),
      row.seamDb === null ? '–' : row.seamDb === Number.NEGATIVE_INFINITY ? 'nothing' : `${row.seamDb.toFixed(0)} dBFS`,
      row.noiseInSilence === null ? '–' : row.noiseInSilence === 0 ? 'no' : `${(100 * row.noiseInSilence).toFixed(0)} % of samples`,
      row.wraps === null ? '–' : row.wraps ? 'yes' : 'no',
    ]),
  );
}

function costTable(rows: readonly Cost[]): string {
  return table(
    'User CPU of 20 ms of audio',
    ['kHz', 'resampler', 'format', 'µs (quartiles)', 'of rtc-node HIGH', 'of wave-resampler'],
    rows.map((row) => [
      `${kHz(row.fromHz)} → ${kHz(row.toHz)}`,
      row.name,
      row.format,
      `${row.microseconds.toFixed(2)} (${row.quartiles[0].toFixed(2)}–${row.quartiles[1].toFixed(2)})`,
      row.ofRtcNodeHigh.toFixed(3),
      row.ofWaveResampler.toFixed(3),
    ]),
  );
}

function allocationTable(rows: readonly Allocation[]): string {
  return table(
    'Allocation',
    ['kHz', 'resampler', 'format', 'frames', 'bytes a frame', 'collections'],
    rows.map((row) => [
      `${kHz(row.fromHz)} → ${kHz(row.toHz)}`,
      row.name,
      row.format,
      `${row.frames}`,
      // Bookkeeping of the engine itself grows by some kilobytes in any window of this length.
      row.collections > 0 ? '–' : ((row.heapBytes + row.bufferBytes) / row.frames).toFixed(2),
      `${row.collections}`,
    ]),
  );
}

export function tables(results: Results): string {
  const parts = [
    qualityTable('48 to 8 kHz', results.down, false),
    qualityTable('8 to 48 kHz', results.up, false),
    qualityTable('Other rates', results.more, true),
    streamingTable('The stream, 48 to 8 kHz', results.streaming.down),
    streamingTable('The stream, 8 to 48 kHz', results.streaming.up),
    costTable(results.cost),
    allocationTable(results.allocation),
  ];
  if (results.talkOff !== null) {
    const { files, minutes, keys } = results.talkOff;
    parts.push(`DTMF talk-off: ${keys.length} keys heard in ${minutes.toFixed(1)} minutes of speech (${files} recordings).\n`);
  }
  return parts.join('\n');
}
