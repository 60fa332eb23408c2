import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose } from '@livekit/rtc-node';
import { startInstantProviders, type InstantProviders, type ModelPace } from '../rig/instant-providers.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { answerTurns, type AnswerTurn } from '../rig/answers.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// What the pipeline itself costs, from the end of the turn (t2) to the first audible frame (t6): with providers on
// loopback that answer at once, and with a model of 300 ms to the first token and 30 tokens a second, where the
// first audio has to come before the second sentence exists. Argument: how many turns of each.

const count = Number(process.argv[2] ?? 20);
const FIRST = 'We are open from nine in the morning until six in the evening on every working day of the week. ';
const SECOND = 'On Saturdays we close at two in the afternoon, and on Sundays we are closed the whole day long.';
const models: Record<string, ModelPace> = {
  instant: { firstTokenMs: 0, tokensPerSecond: 0, text: FIRST + SECOND },
  delayed: { firstTokenMs: 300, tokensPerSecond: 30, text: FIRST + SECOND },
};

const folder = mkdtempSync(join(tmpdir(), 'voice-node-bench-'));
const liveKit = await startBenchLiveKit();
const providers = await startInstantProviders(models);
const results: Record<string, readonly AnswerTurn[]> = {};
try {
  for (const speculate of [false, true]) {
    for (const model of Object.keys(models)) writeRobot(`${model}${speculate ? '-guess' : ''}`, model, speculate, providers);
  }
  const node = await NodeProcess.start(liveKit, { ROBOTS_DIR: folder, ROBOT: 'instant', CACHE_DIR: join(folder, 'cache') });
  try {
    for (const robot of ['instant', 'delayed', 'delayed-guess']) results[robot] = await answerTurns(node, robot, count, providers);
  } finally {
    await node.stop();
  }
} finally {
  await providers.stop();
  await liveKit.stop();
  await dispose();
  rmSync(folder, { recursive: true, force: true });
}

const stage = (turns: readonly AnswerTurn[], name: string): number[] => turns.flatMap((turn) => turn.stagesMs[name] ?? []);
for (const [robot, turns] of Object.entries(results)) {
  const rows = ['stt', 'llm', 'tts', 'playout', 'response'].map((name) => {
    const { count: n, median, p95, min, max } = summarize(stage(turns, name));
    return [name, String(n), fixed(min), fixed(median), fixed(p95), fixed(max)];
  });
  printTable(`${robot}: stages of a turn, ms`, ['stage', 'n', 'min', 'median', 'p95', 'max'], rows);
  const early = turns.filter((turn) => turn.firstSoundMs < turn.secondSentenceMs).length;
  if (robot !== 'instant') console.log(`\nfirst sound before the second sentence exists: ${early} of ${turns.length}; by ${fixed(summarize(turns.map((turn) => turn.secondSentenceMs - turn.firstSoundMs)).median, 0)} ms at the median`);
}
console.log(`\nown share, t2 to t6: ${fixed(summarize(stage(results['instant'] ?? [], 'response')).median)} ms at the median (goal: at most 40)`);
writeResults('pipeline', results);

function writeRobot(name: string, model: string, speculate: boolean, { url }: InstantProviders): void {
  const robot = join(folder, name);
  mkdirSync(robot);
  const server = { provider: 'local', base_url: url };
  const config = { mode: 'pipeline', speculate, stt: server, llm: { ...server, model }, tts: { ...server, voice: 'tone' } };
  writeFileSync(join(robot, 'config.json'), JSON.stringify(config));
  writeFileSync(join(robot, 'prompt.txt'), 'You answer questions about a shop.');
}
