import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { readEnvironment, requireKeys, ROOT, type Config } from '../config.js';
import { withDeadline } from '../domain/deadline.js';
import type { Clock } from '../domain/clock.js';
import type { VoiceNodeError } from '../domain/errors.js';
import type { Log, Meter } from '../domain/observer.js';
import type { TurnModel } from '../domain/turn-model.js';
import { createMetrics } from '../metrics/metrics.js';
import { LiveCalls, type CallRequest } from '../node/live-calls.js';
import { Worker } from '../node/worker.js';
import { systemClock } from '../platform/clock.js';
import { createLog, Secrets } from '../platform/log.js';
import { loadDenoisers, type DenoiserFactory } from '../providers/denoise/rnnoise.js';
import { openTurnModel } from '../providers/turn/onnx.js';
import { RobotChoice } from '../robots/choice.js';
import { RobotFolder } from '../robots/folder.js';
import { requirementsOf, type Lack } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';
import { LiveKitLine, disposeLiveKit } from '../transports/livekit/line.js';
import { createApp } from '../web/app.js';
import { listen, type WebServer } from '../web/server.js';
import { Sessions } from '../web/sessions.js';
import { parseArguments } from './arguments.js';
import { makeCall, TURN_MODEL_LIMIT_MS } from './call-maker.js';
import { RobotDetectors } from './detectors.js';
import { RobotCast } from './robot-cast.js';
import { RobotMaker } from './robot-maker.js';
import { RobotSettings } from './robot-settings.js';

export const START_USAGE = 'start';
const VERSION = '0.1.0';
const STOP_LIMIT_MS = 3000;

/** Runs the node until it is told to stop. Resolves with the exit code. */
export async function runStart(args: readonly string[]): Promise<number> {
  parseArguments('start', START_USAGE, args, {});
  const settings = new RobotSettings(readEnvironment());
  const config = settings.node;
  const keys = requireKeys(config);
  const clock = systemClock;
  const secrets = new Secrets();
  secrets.add('', [keys.apiSecret, ...settings.secrets([])]);
  const robots = new RobotFolder({
    ...settings.folder,
    pause: () => new Promise((resolve) => void clock.at(clock.nowMs(), resolve)),
    onRead: (robot) => secrets.add(robot.name, settings.secrets([robot])),
  });
  const log = createLog(config.LOG_LEVEL, secrets);
  catchStrays(log);
  robots.reportTo(log);
  const detectors = await RobotDetectors.load(settings, robots.all());
  // Whether or not a robot wants it now: its config may change while the node runs.
  const denoisers = await loadDenoisers();
  const turnModel = await loadTurnModel(config, clock, log);
  const missing = (robot: Robot): readonly Lack[] => [...requirementsOf(robot, settings.around(robot)).missing, ...detectors.missing(robot)];
  const choice = new RobotChoice({ robots, defaultName: config.ROBOT, missing, log });
  for (const { name, missing: lacks } of choice.offers()) {
    if (lacks.length > 0) log.info({ robot: name, missing: lacks.map(({ text }) => text) }, 'a robot cannot take calls yet');
  }
  const metrics = createMetrics();
  const cast = new RobotCast(new RobotMaker(settings, { clock, meter: metrics.meter, log }), log);
  const calls = new LiveCalls(callFactory({ settings, choice, detectors, denoisers, turnModel, cast, clock, meter: metrics.meter, log }), clock, log);
  const worker = new Worker({ url: config.LIVEKIT_URL, ...keys, version: VERSION, maxCalls: config.MAX_CALLS }, calls, clock, log);
  const sessions = new Sessions({ url: config.LIVEKIT_URL, publicUrl: config.LIVEKIT_PUBLIC_URL ?? config.LIVEKIT_URL, ...keys }, clock);
  const app = createApp(
    {
      staticFolder: join(ROOT, 'static'),
      liveKitClient: createRequire(import.meta.url).resolve('livekit-client').replace(/[^/\\]+$/, 'livekit-client.esm.mjs'),
    },
    {
      log,
      readiness: () => readiness(worker, calls, config),
      robots: () => ({ default: choice.defaultName, offers: choice.offers() }),
      createSession: (robot) => sessions.create(robot),
      metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    },
  );
  const web = await listen(app, config.HOST, config.PORT);
  // Not before it is certain that the node runs: what side processes begin would keep it from ending.
  for (const robot of robots.all()) if (missing(robot).length === 0) cast.prepare(robot);
  log.info({ host: config.HOST, port: web.port, liveKit: config.LIVEKIT_URL, robots: robots.names, vad: config.VAD }, 'voice-node is up');
  worker.start();
  await stopSignal(log);
  await shutDown(worker, calls, web, config);
  cast.close();
  detectors.close();
  turnModel?.close();
  log.info({}, 'voice-node has stopped');
  return 0;
}

/** The operator's model that tells whether a caller has finished, where he has given one. */
async function loadTurnModel(config: Config, clock: Clock, log: Log): Promise<TurnModel | undefined> {
  if (config.TURN_MODEL === undefined) return undefined;
  const onFailure = (error: VoiceNodeError): void => log.warn({ code: error.code, error: error.message }, 'the turn model gave no answer');
  return openTurnModel({ file: resolve(ROOT, config.TURN_MODEL), clock, deadlineMs: TURN_MODEL_LIMIT_MS, onFailure });
}

interface CallFactoryParts {
  readonly settings: RobotSettings;
  readonly choice: RobotChoice;
  readonly detectors: RobotDetectors;
  readonly denoisers: DenoiserFactory;
  readonly turnModel: TurnModel | undefined;
  readonly cast: RobotCast;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

const callFactory = ({ settings, choice, detectors, denoisers, turnModel, cast, clock, meter, log }: CallFactoryParts) => ({ callId, room, token, metadata }: CallRequest) => {
  const robot = choice.forRoom(metadata, { callId, room });
  const role = cast.take(robot);
  const line = new LiveKitLine({ url: settings.node.LIVEKIT_URL, token, room }, clock, meter, log.child({ callId, room }));
  return makeCall(settings.of(robot), { detectors: detectors.for(robot), denoisers, turnModel }, { callId, robot, role, line, clock, meter, log });
};

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
