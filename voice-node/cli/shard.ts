import { withDeadline } from '../domain/deadline.js';
import { createShardMetrics } from '../metrics/metrics.js';
import { LocalShard } from '../node/local-shard.js';
import { obeyOnlyMain, parentChannel, ShardServer } from '../node/shard-server.js';
import { SystemGauge } from '../platform/vitals.js';
import { parseArguments } from './arguments.js';
import { equip } from './equipment.js';
import { loadMedia } from './media.js';

const CLOSE_LIMIT_MS = 3000;

/** A process of the node that carries calls. Started by `start`, which tells it what to do; resolves with the exit code. */
export async function runShard(args: readonly string[]): Promise<number> {
  const { positionals: [name = ''] } = parseArguments('shard', 'shard NAME', args, {}, true);
  const made: { server?: ShardServer } = {};
  obeyOnlyMain(() => made.server, () => process.exit(1));
  const channel = parentChannel();
  const { settings, keys, atHand, clock, log } = equip({ shard: name });
  const metrics = createShardMetrics();
  const media = await loadMedia({ settings, keys, clock, meter: metrics.meter, log }, atHand);
  const server = new ShardServer({
    channel,
    makeShard: (listener) => new LocalShard({ name, create: media.create, gauge: new SystemGauge(), metrics: () => metrics.json(), clock, log }, listener),
    drainTimeoutMs: settings.node.DRAIN_TIMEOUT_MS,
    clock,
    log,
  });
  made.server = server;
  media.prepare();
  await server.done;
  await withDeadline(clock, media.close(), CLOSE_LIMIT_MS, 'transport_timeout', 'closing what the calls shared').catch(() => undefined);
  // An open channel to main keeps a process alive.
  if (process.connected) process.disconnect();
  return 0;
}
