import { loadConfig } from '../../voice-node/config.js';
import { createShardMetrics } from '../../voice-node/metrics/metrics.js';
import { LocalShard } from '../../voice-node/node/local-shard.js';
import { obeyOnlyMain, parentChannel, ShardServer } from '../../voice-node/node/shard-server.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { createLog } from '../../voice-node/platform/log.js';
import { SystemGauge } from '../../voice-node/platform/vitals.js';
import { loadDenoisers } from '../../voice-node/providers/denoise/rnnoise.js';
import { loadConfiguredDetectors, makeCall } from '../../voice-node/cli/call-maker.js';
import { RobotCast } from '../../voice-node/cli/robot-cast.js';
import { RobotMaker } from '../../voice-node/cli/robot-maker.js';
import { RobotSettings } from '../../voice-node/cli/robot-settings.js';
import { RobotFolder } from '../../voice-node/robots/folder.js';
import { MemoryCallers } from '../rig/memory-caller.js';
import { trimmed, voice } from '../rig/voices.js';

// A shard of the node as it is, but for the transport: its callers are in the same process, fed by one timer. Every
// call hears with Silero on every frame and echoes what it has heard. Arguments: name, period of each caller in ms, robot.

const [name = '1', periodMs = '8000', robotName = 'echo'] = process.argv.slice(2);
const made: { server?: ShardServer } = {};
obeyOnlyMain(() => made.server, () => process.exit(1));
const channel = parentChannel();
const clock = systemClock;
const log = createLog('error').child({ shard: name });
const config = loadConfig({});
const settings = new RobotSettings({});
const robot = new RobotFolder(settings.folder).get(robotName);
const { meter, json } = createShardMetrics();
const detectors = await loadConfiguredDetectors(config, [robot]);
const denoisers = await loadDenoisers();
const cast = new RobotCast(new RobotMaker(settings, { clock, meter, log }), log);
const callers = new MemoryCallers(trimmed(voice('Front_Center')), Number(periodMs));
let index = 0;

const server = new ShardServer({
  channel,
  makeShard: (listener) =>
    new LocalShard(
      {
        name,
        create: ({ callId, room, acceptedMs }, news) =>
          makeCall(config, { detectors, denoisers, turnModel: undefined }, { callId, robot, role: cast.take(robot), line: callers.line(room, index++), ageMs: clock.wallMs() - acceptedMs, journal: news, clock, meter, log }),
        gauge: new SystemGauge(),
        // Beside the node's own metrics: what the callers noticed.
        metrics: async () => [...(await json()), { name: 'bench', callers: callers.report() }],
        clock,
        log,
      },
      listener,
    ),
  drainTimeoutMs: 0,
  clock,
  log,
});
made.server = server;
await server.done;
process.exit(0);
