import type { Crowd } from '../rig/crowd.js';
import type { BenchLiveKit } from '../rig/livekit.js';
import { nodeView, wait } from '../rig/operator.js';
import { processTree } from '../rig/process-tree.js';
import { withToneNode } from './tone-node.js';

const CALLS = 4;
const STALL_MS = 5000;
const EVERY_MS = 4000;
const ROUNDS = 4;

export interface StallFigures {
  readonly stallMs: number;
  /** t2 to t6 as the node reports it is no use here; this is from the beginning of an utterance to the beginning of its answer, ms. */
  readonly beforeMs: readonly number[];
  readonly afterMs: readonly number[];
  /** Sounds within the two seconds after the stall: a backlog that is played or answered would be heard there. */
  readonly stray: number;
  readonly ended: number;
}

/** SIGSTOP of the whole node for five seconds: two seconds later nothing is late any more. */
export function stallNode(liveKit: BenchLiveKit): Promise<StallFigures> {
  return withToneNode(liveKit, async (node, crowd) => {
    for (let call = 0; call < CALLS; call++) await crowd.join(call, await node.createSession('tone'));
    await wait(2000);
    const beforeMs = await answers(crowd);
    // The caller speaks once in the stall, and has long been silent when the node wakes up.
    for (let call = 0; call < CALLS; call++) await crowd.speak(call, 60_000, 200);
    const pids = processTree(node.pid);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await wait(STALL_MS);
    const wokenMs = Date.now();
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await wait(2000);
    let stray = 0;
    for (let call = 0; call < CALLS; call++) {
      await crowd.hush(call);
      stray += (await crowd.report(call)).begunMs.filter((atMs) => atMs >= wokenMs && atMs <= wokenMs + 2000).length;
    }
    const afterMs = await answers(crowd);
    const view = await nodeView(node);
    return { stallMs: STALL_MS, beforeMs, afterMs, stray, ended: Object.values(view.ended).reduce((all, each) => all + each, 0) };
  });
}

/** Every caller speaks a few times; how long each answer took. */
async function answers(crowd: Crowd): Promise<number[]> {
  const found: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const spokenMs = Date.now();
    for (let call = 0; call < CALLS; call++) await crowd.speak(call, 60_000, 0);
    await wait(EVERY_MS);
    for (let call = 0; call < CALLS; call++) {
      await crowd.hush(call);
      const begun = (await crowd.report(call)).begunMs.find((atMs) => atMs >= spokenMs);
      found.push(begun === undefined ? Infinity : begun - spokenMs);
    }
  }
  return found;
}

