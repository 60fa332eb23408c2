import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheFolder, ROOT, type Config, type Keys } from '../config.js';
import { withDeadline } from '../domain/deadline.js';
import type { Log } from '../domain/observer.js';
import type { Operations } from '../domain/operations.js';
import { systemClock } from '../platform/clock.js';
import { createApp } from '../web/app.js';
import { listen, type WebServer } from '../web/server.js';
import { Sessions } from '../web/sessions.js';
import { parseArguments } from './arguments.js';
import { equip } from './equipment.js';
import { makeNode, type NodeParts } from './node.js';
import type { RobotsAtHand } from './robots-at-hand.js';
import { newAdminToken, removeRunFile, writeRunFile } from './run-file.js';
import { StopSignals } from './stop-signals.js';

export const START_USAGE = 'start';
const STOP_LIMIT_MS = 3000;

/** Runs the node until it is told to stop. Resolves with the exit code. */
export async function runStart(args: readonly string[]): Promise<number> {
  parseArguments('start', START_USAGE, args, {});
  const { secrets, ...parts } = equip();
  const { settings, keys, atHand, log } = parts;
  const config = settings.node;
  const adminToken = config.ADMIN_TOKEN ?? newAdminToken();
  secrets.add('', [adminToken]);
  for (const { name, missing } of atHand.choice.offers()) {
    if (missing.length > 0) log.info({ robot: name, missing: missing.map(({ text }) => text) }, 'a robot cannot take calls yet');
  }
  const node = await makeNode(parts);
  const stop = new StopSignals(log, () => node.shards.kill());
  const app = makeApp(node, atHand, { config, keys, adminToken, stop, log });
  const web = await listen(app, config.HOST, config.PORT);
  if (config.ADMIN_TOKEN === undefined) writeRunFile(cacheFolder(config), web.port, { pid: process.pid, token: adminToken });
  // Not before it is certain that the node runs: what side processes begin would keep it from ending.
  node.media?.prepare();
  node.shards.start();
  log.info({ host: config.HOST, port: web.port, liveKit: config.LIVEKIT_URL, robots: atHand.robots.names, vad: config.VAD, shards: config.SHARDS ?? node.shards.slots.length }, 'voice-node is up');
  // The lease comes first: a record of a node without one is free for others.
  node.takeover.start();
  node.worker.start();
  await stop.asked;
  await shutDown(node, web, config);
  removeRunFile(cacheFolder(config), web.port, process.pid);
  log.info({}, 'voice-node has stopped');
  return 0;
}

interface AppParts {
  readonly config: Config;
  readonly keys: Keys;
  readonly adminToken: string;
  readonly stop: StopSignals;
  readonly log: Log;
}

function makeApp({ desk, reservations, metrics }: NodeParts, { choice }: RobotsAtHand, { config, keys, adminToken, stop, log }: AppParts): ReturnType<typeof createApp> {
  const sessions = new Sessions({ url: config.LIVEKIT_URL, publicUrl: config.LIVEKIT_PUBLIC_URL ?? config.LIVEKIT_URL, ...keys }, systemClock);
  const operations: Operations = { view: () => desk.view(), hangUp: (callId) => desk.hangUp(callId), drain: () => stop.ask('an operator') };
  return createApp(
    {
      staticFolder: join(ROOT, 'static'),
      liveKitClient: createRequire(import.meta.url).resolve('livekit-client').replace(/[^/\\]+$/, 'livekit-client.esm.mjs'),
    },
    {
      log,
      clock: systemClock,
      readiness: () => reservations.readiness,
      reserve: (room) => reservations.reserve(room),
      robots: () => ({ default: choice.defaultName, offers: choice.offers() }),
      createSession: (robot, names) => sessions.create(robot, names),
      metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
      operations,
      adminToken,
    },
  );
}

async function shutDown({ desk, shards, worker, takeover, reservations, journal, media }: NodeParts, web: WebServer, config: Config): Promise<void> {
  await desk.drain(config.DRAIN_TIMEOUT_MS);
  reservations.close();
  worker.stop();
  takeover.stop();
  await shards.stop();
  const last = [
    ['closing the journal', journal.close()],
    ['closing the web server', web.close()],
    ['closing what the calls shared', media?.close()],
  ] as const;
  for (const [what, work] of last) {
    if (work !== undefined) await withDeadline(systemClock, work, STOP_LIMIT_MS, 'transport_timeout', what).catch(() => undefined);
  }
}
