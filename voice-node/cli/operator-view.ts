import type { LiveCallView, NodeView, ShardView } from '../domain/operations.js';
import { columns, plain, type Column } from './operator-columns.js';

/** Of an id at least this much is shown, and more where that is not enough to tell two calls apart. */
const MIN_ID_CHARACTERS = 11;
/** Narrower terminals than this wrap the lines. */
const MIN_WIDTH = 80;

/** What an operator looks at: the node, its shards, its calls. Lines of at most `width` characters. */
export function renderNode(view: NodeView, width: number): string[] {
  const lines = [...renderSummary(view, width), '', ...renderShards(view.shards), ''];
  return [...lines, ...(view.calls.length === 0 ? ['no calls'] : renderCalls(view.calls, Math.max(MIN_WIDTH, width)))].map((line) => line.slice(0, Math.max(MIN_WIDTH, width)));
}

function renderSummary(view: NodeView, width: number): string[] {
  const first = [plain(view.node), stateOf(view), `load ${percent(view.load)}`, `${view.live} of ${view.maxCalls} calls`, `offered ${view.offered}`].join('   ');
  return [first, ...wrapped('ended  ', countsOf(view.ended), width), ...wrapped('refused', countsOf(view.refused), width)];
}

function stateOf({ draining, ready, reason }: NodeView): string {
  if (draining) return 'draining';
  return ready ? 'ready' : `not ready${reason === undefined ? '' : ` (${plain(reason)})`}`;
}

/** Those that happened, most often first. */
function countsOf(counts: Readonly<Record<string, number>>): string[] {
  const happened = Object.entries(counts).filter(([, count]) => count > 0);
  return happened.length === 0 ? ['none'] : happened.sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
}

function wrapped(title: string, parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = title;
  for (const part of parts) {
    if (line.length + 3 + part.length > width && line.trim() !== '') {
      lines.push(line);
      line = ' '.repeat(title.length);
    }
    line += `   ${part}`;
  }
  return [...lines, line];
}

const SHARD_COLUMNS: readonly Column<ShardView>[] = [
  { title: 'shard', of: ({ name }) => name, max: 8 },
  { title: 'pid', of: ({ pid }) => (pid === undefined ? '-' : String(pid)), right: true },
  { title: 'state', of: ({ state }) => state },
  { title: 'calls', of: ({ calls }) => String(calls), right: true },
  { title: 'late %', of: ({ lateShare }) => (100 * lateShare).toFixed(2), right: true },
  { title: 'loop p99', of: ({ loopP99Ms }) => `${loopP99Ms.toFixed(1)} ms`, right: true },
  { title: 'loop busy', of: ({ utilisation }) => percent(utilisation), right: true },
  { title: 'CPU', of: ({ cpu }) => percent(cpu), right: true },
  { title: 'memory', of: ({ residentBytes }) => `${Math.round(residentBytes / 1e6)} MB`, right: true },
  { title: 'restarts', of: ({ restarts }) => String(restarts), right: true },
];

const renderShards = (shards: readonly ShardView[]): string[] => (shards.length === 0 ? ['no shards'] : columns(SHARD_COLUMNS, shards));

/** The calls, the oldest first; the room takes what is left of the width. */
export function renderCalls(calls: readonly LiveCallView[], width: number): string[] {
  const length = idLength(calls.map(({ callId }) => callId));
  const table: readonly Column<LiveCallView>[] = [
    { title: 'call', of: ({ callId }) => callId.slice(0, length) },
    { title: 'robot', of: ({ robot }) => robot, max: 12 },
    { title: 'phase', of: ({ phase }) => phase, max: 10 },
    { title: 'age', of: ({ ageMs }) => duration(ageMs), right: true },
    { title: 'turns', of: ({ turns }) => String(turns), right: true },
    { title: 'answer', of: ({ responseMs }) => milliseconds(responseMs), right: true },
    { title: 'cut', of: ({ bargeInMs }) => milliseconds(bargeInMs), right: true },
    { title: 'late', of: ({ lateTicks }) => String(lateTicks), right: true },
    { title: 'rejoin', of: ({ rejoins }) => String(rejoins), right: true },
    { title: 'shard', of: ({ shard }) => shard, max: 5 },
    { title: 'room', of: ({ room }) => room },
  ];
  return columns(table, [...calls].sort((a, b) => b.ageMs - a.ageMs), width);
}

/** How much of the ids is enough to tell them apart. */
export function idLength(ids: readonly string[]): number {
  const sorted = [...ids].sort();
  let length = MIN_ID_CHARACTERS;
  for (let i = 1; i < sorted.length; i++) {
    const [one, other] = [sorted[i - 1] ?? '', sorted[i] ?? ''];
    while (one !== other && one.slice(0, length) === other.slice(0, length)) length++;
  }
  return length;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
/** Without its unit: the room needs the width. */
const milliseconds = (ms: number | undefined): string => (ms === undefined ? '-' : String(Math.round(ms)));

/** `59 s`, `12:34`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
