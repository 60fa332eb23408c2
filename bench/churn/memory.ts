import { MemoryNode } from '../many/memory-node.js';
import { wait } from '../rig/operator.js';
import { treeMemoryMb } from '../rig/process-tree.js';
import { seeded } from '../rig/random.js';
import { slopeOf } from './slope.js';

/** Callers speak so often that most calls get to an answer. */
const PERIOD_MS = 2500;

export interface MemoryChurn {
  readonly calls: number;
  readonly mb: readonly (readonly [number, number])[];
  readonly slopeKbPerCall: number;
}

/** The same without a network: what the node itself leaves behind, as rtc-node has no part in it. */
export async function churnInMemory(calls: number, atOnce: number, seed: number): Promise<MemoryChurn> {
  const node = new MemoryNode(2, atOnce, PERIOD_MS, 'echo', true);
  const random = seeded(seed);
  const mb: (readonly [number, number])[] = [];
  let next = 0;
  let done = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    while (next < calls) {
      next++;
      const offer = await node.call();
      if ('refused' in offer) {
        next--;
        await wait(50);
        continue;
      }
      await wait(2000 * random() ** 2);
      node.desk.hangUp(offer.callId);
      if (++done % 50 === 0) mb.push([done, treeMemoryMb(process.pid)]);
    }
  };
  try {
    await node.ready();
    await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
    while (node.desk.live > 0) await wait(50);
    const settled = mb.filter(([at]) => at > calls / 5);
    return { calls, mb, slopeKbPerCall: 1024 * slopeOf(settled) };
  } finally {
    node.stop();
  }
}
