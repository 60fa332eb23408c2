import type { BenchLiveKit } from '../rig/livekit.js';
import { balances, nodeView, sum, wait } from '../rig/operator.js';
import { withToneNode } from './tone-node.js';

const CALLS = 8;
const LIMIT_MS = 30_000;
const SPEAK_EVERY_MS = 3500;

export interface RestartFigures {
  readonly outageS: number;
  /** For each call: from the opening of the port until its caller hears an answer again, as callers come back by themselves. */
  readonly answeredMs: readonly number[];
  /** For each call: from the opening of the port until the robot is back in the room with its caller. */
  readonly backMs: readonly number[];
  readonly lost: number;
  /** In any room at the end. */
  readonly robots: readonly number[];
  readonly balanced: boolean;
}

/** livekit-server dies and comes back after a while; callers and node find together again. */
export function restartServer(liveKit: BenchLiveKit, outageS: number): Promise<RestartFigures> {
  return withToneNode(liveKit, async (node, crowd) => {
    for (let call = 0; call < CALLS; call++) {
      await crowd.join(call, await node.createSession('tone'), true);
      await crowd.speak(call, SPEAK_EVERY_MS, 500 + call * 100);
    }
    await wait(6000);
    const before = await nodeView(node);
    liveKit.kill();
    await wait(outageS * 1000);
    await liveKit.restart();
    const openMs = Date.now();
    const backMs: number[] = [];
    const answeredMs: number[] = [];
    const waiting = new Set(Array(CALLS).keys());
    const unanswered = new Set(waiting);
    while ((waiting.size > 0 || unanswered.size > 0) && Date.now() - openMs < LIMIT_MS) {
      for (const call of new Set([...waiting, ...unanswered])) {
        const report = await crowd.report(call);
        if (waiting.has(call) && report.connected && report.robots.length > 0) {
          waiting.delete(call);
          backMs.push(Date.now() - openMs);
        }
        const sound = report.begunMs.find((atMs) => atMs > openMs);
        if (unanswered.has(call) && sound !== undefined) {
          unanswered.delete(call);
          answeredMs.push(sound - openMs);
        }
      }
      await wait(25);
    }
    await wait(4000);
    const robots: number[] = [];
    for (let call = 0; call < CALLS; call++) robots.push((await crowd.report(call)).robots.length);
    const view = await nodeView(node);
    return { outageS, answeredMs, backMs, lost: waiting.size, robots, balanced: balances(view) && view.live === CALLS && sum(view.ended) === sum(before.ended) };
  });
}
