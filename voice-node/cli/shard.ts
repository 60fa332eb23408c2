import { requireKeys, readEnvironment } from '../config.js';
import { withDeadline } from '../domain/deadline.js';
import { createShardMetrics } from '../metrics/metrics.js';
import { LocalShard } from '../node/local-shard.js';
import { obeyOnlyMain, parentChannel, ShardServer } from '../node/shard-server.js';
import { systemClock } from '../platform/clock.js';
import { createLog, Secrets } from '../platform/log.js';
import { SystemGauge } from '../platform/vitals.js';
import { parseArguments } from './arguments.js';
import { loadMedia } from './media.js';
import { openRobots } from './robots-at-hand.js';
import { RobotSettings } from './robot-settings.js';
import { catchStrays } from './strays.js';

const CLOSE_LIMIT_MS = 3000;

/** A process of the node that carries calls. Started by `start`, which tells it what to do; resolves with the exit code. */
export async function runShard(args: readonly string[]): Promise<number> {
  const { positionals: [name = ''] } = parseArguments('shard', 'shard NAME', args, {}, true);
  const made: { server?: ShardServer } = {};
  obeyOnlyMain(() => made.server, () => process.exit(1));
  const channel = parentChannel();
  const settings = new RobotSettings(readEnvironment());
  const keys = requireKeys(settings.node);
  const clock = systemClock;
  const secrets = new Secrets();
  secrets.add('', [keys.apiSecret, ...settings.secrets([])]);
  const log = createLog(settings.node.LOG_LEVEL, secrets).child({ shard: name });
  catchStrays(log);
  const metrics = createShardMetrics();
  // Main tells what changes in the robots' files; it is enough to hear it once.
  const atHand = openRobots({ settings, secrets, clock, log, reports: false });
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
