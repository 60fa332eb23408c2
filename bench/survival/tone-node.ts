import { Crowd } from '../rig/crowd.js';
import type { BenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN } from '../rig/operator.js';

/** What is to survive: two processes for calls, whose robot answers with a tone. */
export const startToneNode = (liveKit: BenchLiveKit, environment: Readonly<Record<string, string>> = {}): Promise<NodeProcess> =>
  NodeProcess.start(liveKit, { SHARDS: '2', ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ADMISSION: 'count', ROBOT: 'tone', ...environment });

/** Such a node and a crowd, both gone when the work is done. */
export async function withToneNode<T>(liveKit: BenchLiveKit, work: (node: NodeProcess, crowd: Crowd) => Promise<T>): Promise<T> {
  const node = await startToneNode(liveKit);
  const crowd = new Crowd();
  try {
    return await work(node, crowd);
  } finally {
    crowd.stop();
    await node.stop();
  }
}
