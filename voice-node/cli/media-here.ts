import { LocalShard } from '../node/local-shard.js';
import type { ShardFactory } from '../node/shard.js';
import { SystemGauge } from '../platform/vitals.js';
import { loadMedia, type Media, type MediaPorts } from './media.js';
import type { RobotsAtHand } from './robots-at-hand.js';

/** Media in the node's own process (SHARDS=0): for debugging, and where one process is to be all there is. */
export async function mediaHere(ports: MediaPorts, atHand: RobotsAtHand): Promise<{ readonly media: Media; readonly factory: ShardFactory }> {
  const { clock, log } = ports;
  const media = await loadMedia(ports, atHand);
  return { media, factory: (name, listener) => new LocalShard({ name, create: media.create, gauge: new SystemGauge(), clock, log }, listener) };
}
