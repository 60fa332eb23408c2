import { createHash, randomBytes } from 'node:crypto';
import { hostname, availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheFolder, type Config, type Keys, mediaEnvironment } from '../config.js';
import type { Clock } from '../domain/clock.js';
import type { Journal } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { createMetrics } from '../metrics/metrics.js';
import { NodeMetrics } from '../metrics/node-metrics.js';
import { ChildShard, forkScript } from '../node/child-shard.js';
import { Desk } from '../node/desk.js';
import { LiveKitRooms } from '../node/rooms.js';
import { recycled } from '../node/shards-recycling.js';
import { Shards } from '../node/shards.js';
import type { ShardFactory } from '../node/shard.js';
import { Takeover } from '../node/takeover.js';
import { Worker } from '../node/worker.js';
import { openJournal } from '../stores/journal-open.js';
import { Reservations } from '../web/reservations.js';
import type { Media } from './media.js';
import type { RobotsAtHand } from './robots-at-hand.js';
import type { RobotSettings } from './robot-settings.js';

const VERSION = '0.1.0';

/** The program of a shard: the same as this one, with another command. */
const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

export interface NodeParts {
  readonly desk: Desk;
  readonly shards: Shards;
  readonly worker: Worker;
  readonly takeover: Takeover;
  readonly reservations: Reservations;
  readonly metrics: NodeMetrics;
  readonly journal: Journal;
  /** Where the calls are in this very process (SHARDS=0). */
  readonly media: Media | undefined;
}

export interface NodePorts {
  readonly settings: RobotSettings;
  readonly keys: Keys;
  readonly atHand: RobotsAtHand;
  readonly clock: Clock;
  readonly log: Log;
}

/** The node's main process, put together; nothing runs yet. */
export async function makeNode({ settings, keys, atHand, clock, log }: NodePorts): Promise<NodeParts> {
  const config = settings.node;
  const own = createMetrics();
  const name = config.NODE_NAME ?? `${hostname()}:${config.PORT}`;
  // A node that was started again is another one in the journal: the records it left are taken over like any other's.
  const journal = openJournal(config.JOURNAL ?? defaultJournal(config, keys), `${name.replace(/[^\w.-]/g, '-')}-${randomBytes(4).toString('hex')}`, clock, log);
  const rooms = new LiveKitRooms({ url: config.LIVEKIT_URL, ...keys }, clock);
  const inside = config.SHARDS === 0;
  const count = inside ? 1 : (config.SHARDS ?? availableParallelism());
  // Only then: a main process without media is to have neither models nor native code in it.
  const here = inside ? await (await import('./media-here.js')).mediaHere({ settings, keys, clock, meter: own.meter, log }, atHand) : undefined;
  const reservations = new Reservations({ readiness: (waiting) => desk.readiness(waiting), clock });
  const bound = { byCount: config.ADMISSION === 'count', ...(config.MAX_CALLS === undefined ? {} : { maxCalls: config.MAX_CALLS }) };
  const desk: Desk = new Desk(
    { node: name, shards: count, roomsPerShard: config.ROOMS_PER_SHARD, ...bound },
    {
      clock,
      log,
      meter: own.calls,
      rooms,
      journal,
      expected: reservations,
      outside: () => (worker.registered ? undefined : `not registered with the LiveKit server at ${config.LIVEKIT_URL}`),
    },
  );
  const factory: ShardFactory =
    here?.factory ?? ((shard, listener) => new ChildShard({ name: shard, spawn: () => forkScript(PROGRAM, ['shard', shard], mediaEnvironment()), clock, log }, listener));
  const create = desk.watched(inside ? factory : recycled(factory, { limitBytes: config.SHARD_RECYCLE_MB * 1e6, count, log }));
  const shards = new Shards({ count, create, clock, log });
  const worker: Worker = new Worker({ url: config.LIVEKIT_URL, ...keys, version: VERSION }, desk, clock, log);
  const takeover = new Takeover({ journal, rooms, desk, clock, log });
  const metrics = new NodeMetrics({ own, views: () => desk.shards, sources: () => shards.up(), log });
  return { desk, shards, worker, takeover, reservations, metrics, journal, media: here?.media };
}

/** Of nodes of this user at this LiveKit server: the rooms of another one are none of their business. */
function defaultJournal(config: Config, { apiKey }: Keys): string {
  const server = createHash('sha256').update(`${config.LIVEKIT_URL} ${apiKey}`).digest('hex').slice(0, 16);
  return pathToFileURL(join(cacheFolder(config), 'journal', server)).href;
}
