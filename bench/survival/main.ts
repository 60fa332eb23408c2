import { startBenchLiveKit } from '../rig/livekit.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { killShards, type KillFigures } from './kill.js';
import { restartServer, type RestartFigures } from './restart.js';
import { stallNode, type StallFigures } from './stall.js';

// What calls survive: kill -9 of their process, a dead LiveKit server, a node that stands still.
// Arguments: cases (kill,restart,stall), kills, outages in seconds.

const cases = (process.argv[2] ?? 'kill,restart,stall').split(',');
const kills = Number(process.argv[3] ?? 100);
const outages = (process.argv[4] ?? '1,10,60').split(',').map(Number);

let killed: KillFigures | undefined;
const restarted: RestartFigures[] = [];
let stalled: StallFigures | undefined;
const liveKit = await startBenchLiveKit();
try {
  for (const name of cases) {
    if (name === 'kill') killed = await killShards(liveKit, kills);
    else if (name === 'restart') for (const outageS of outages) restarted.push(await restartServer(liveKit, outageS));
    else if (name === 'stall') stalled = await stallNode(liveKit);
    else throw new Error(`expected kill, restart or stall, got ${name}`);
  }
} finally {
  await liveKit.stop();
}

const three = (values: readonly number[]): string => {
  const { median, p99, max } = summarize(values);
  return `${fixed(median, 0)}, ${fixed(p99, 0)}, ${fixed(max, 0)}`;
};
if (killed !== undefined) {
  printTable('kill -9 of a shard', ['kills', 'calls hit', 'speak again after, ms: median, p99, max (goal p99 5000)', 'lost', 'sounds of siblings', 'gaps in them', 'most robots in a room', 'books'], [
    [String(killed.kills), String(killed.backMs.length), three(killed.backMs), String(killed.lost), String(killed.siblingSounds), String(killed.siblingGapsMs.length), String(killed.mostRobots), killed.balanced ? 'balance' : 'DO NOT BALANCE'],
  ]);
}
if (restarted.length > 0) {
  printTable('livekit-server gone and back', ['gone for, s', 'calls back after the port opened, ms: median, p99, max (goal 5000)', 'answers heard again after, ms', 'lost', 'robots in the rooms', 'books'], restarted.map((r) => [String(r.outageS), three(r.backMs), three(r.answeredMs), String(r.lost), r.robots.join(' '), r.balanced ? 'balance' : 'DO NOT BALANCE']));
}
if (stalled !== undefined) {
  printTable('SIGSTOP of the node for 5 s', ['answer after the beginning of the utterance, ms: before', 'from 2 s after', 'sounds in the 2 s after', 'calls ended'], [[three(stalled.beforeMs), three(stalled.afterMs), String(stalled.stray), String(stalled.ended)]]);
}
writeResults('survival', { killed, restarted, stalled });
