import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { loadConfig, requireKeys, ROOT, type Config } from '../config.js';
import { withDeadline } from '../domain/deadline.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { Clock } from '../domain/clock.js';
import type { Log, Meter } from '../domain/observer.js';
import { createMetrics } from '../metrics/metrics.js';
import { LiveCalls, type CallRequest } from '../node/live-calls.js';
import { Worker } from '../node/worker.js';
import { systemClock } from '../platform/clock.js';
import { createLog } from '../platform/log.js';
import type { DetectorFactory } from '../providers/vad/create.js';
import { RobotFolder } from '../robots/folder.js';
import { robotNameIn } from '../robots/metadata.js';
import { LiveKitLine, disposeLiveKit } from '../transports/livekit/line.js';
import { createApp } from '../web/app.js';
import { listen, type WebServer } from '../web/server.js';
import { Sessions } from '../web/sessions.js';
import { parseArguments } from './arguments.js';
import { loadConfiguredDetectors, makeCall } from './call-maker.js';

export const START_USAGE = 'start';
const VERSION = '0.1.0';
const STOP_LIMIT_MS = 3000;

/** Runs the node until it is told to stop. Resolves with the exit code. */
export async function runStart(args: readonly string[]): Promise<number> {
  parseArguments('start', START_USAGE, args, {});
  const config = loadConfig();
  const keys = requireKeys(config);
  const robots = new RobotFolder(resolve(ROOT, config.ROBOTS_DIR));
  if (!robots.has(config.ROBOT)) throw new VoiceNodeError('robot_unknown', `ROBOT: expected one of ${robots.names.join(', ')}, got ${JSON.stringify(config.ROBOT)}`);
  const clock = systemClock;
  const log = createLog(config.LOG_LEVEL, [keys.apiSecret]);
  catchStrays(log);
  const metrics = createMetrics();
  const detectors = await loadConfiguredDetectors(config, robots.names.map((name) => robots.get(name)));
  const calls = new LiveCalls(callFactory(config, robots, detectors, clock, metrics.meter, log), clock, log);
  const worker = new Worker({ url: config.LIVEKIT_URL, ...keys, version: VERSION, maxCalls: config.MAX_CALLS }, calls, clock, log);
  const sessions = new Sessions({ url: config.LIVEKIT_URL, publicUrl: config.LIVEKIT_PUBLIC_URL ?? config.LIVEKIT_URL, ...keys }, clock);
  const app = createApp(
    {
      staticFolder: join(ROOT, 'static'),
      liveKitClient: createRequire(import.meta.url).resolve('livekit-client').replace(/[^/\\]+$/, 'livekit-client.esm.mjs'),
      robots: { names: robots.names, default: config.ROBOT },
    },
    {
      log,
      readiness: () => readiness(worker, calls, config),
      createSession: (robot) => sessions.create(robot),
      metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    },
  );
  const web = await listen(app, config.HOST, config.PORT);
  log.info({ host: config.HOST, port: web.port, liveKit: config.LIVEKIT_URL, robots: robots.names, vad: config.VAD }, 'voice-node is up');
  worker.start();
  await stopSignal(log);
  await shutDown(worker, calls, web, config);
  detectors.close();
  log.info({}, 'voice-node has stopped');
  return 0;
}

function callFactory(config: Config, robots: RobotFolder, detectors: DetectorFactory, clock: Clock, meter: Meter, log: Log) {
  return ({ callId, room, token, metadata }: CallRequest) => {
    const wanted = robotNameIn(metadata) ?? config.ROBOT;
    if (!robots.has(wanted)) log.warn({ callId, room, wanted: wanted.slice(0, 80), robot: config.ROBOT }, 'the room names a robot that does not exist; the default takes the call');
    const robot = robots.get(robots.has(wanted) ? wanted : config.ROBOT);
    const line = new LiveKitLine({ url: config.LIVEKIT_URL, token, room }, clock, meter, log.child({ callId, room }));
    return makeCall(config, detectors, { callId, robot, line, clock, meter, log });
  };
}

function readiness(worker: Worker, calls: LiveCalls, config: Config): { ready: boolean; reason?: string } {
  if (worker.ready) return { ready: true };
  if (!worker.registered) return { ready: false, reason: `not registered with the LiveKit server at ${config.LIVEKIT_URL}` };
  return { ready: false, reason: calls.count >= config.MAX_CALLS ? `all ${config.MAX_CALLS} calls are taken` : 'the node is about to stop' };
}

/** First signal: stop in order. Second: at once. */
function stopSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(1);
      asked = true;
      log.info({ signal }, 'stopping; once more to stop at once');
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

async function shutDown(worker: Worker, calls: LiveCalls, web: WebServer, config: Config): Promise<void> {
  worker.drain();
  await calls.drain(config.DRAIN_TIMEOUT_MS);
  worker.stop();
  for (const [what, work] of [['closing the web server', web.close()], ['disposing of rtc-node', disposeLiveKit()]] as const) {
    await withDeadline(systemClock, work, STOP_LIMIT_MS, 'transport_timeout', what).catch(() => undefined);
  }
}

/**
 * The last net. A rejection nobody awaited belongs to one call at most, and the others go on; an exception that
 * reached the event loop leaves no such certainty, so the process ends and whoever supervises it starts another.
 */
function catchStrays(log: Log): void {
  process.on('unhandledRejection', (reason) => {
    log.error({ error: reason instanceof Error ? reason.stack : String(reason) }, 'unhandled rejection: a bug');
  });
  process.on('uncaughtException', (error) => {
    log.error({ error: error.stack }, 'uncaught exception: a bug');
    process.exit(70);
  });
}
