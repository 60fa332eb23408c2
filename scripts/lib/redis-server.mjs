import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall } from './apt.mjs';
import { endedHow, startChild } from './child.mjs';
import { ScriptError } from './checkout.mjs';
import { onPath } from './livekit-binary.mjs';

const ANSWER_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 3_000;

/** REDIS_SERVER_BIN, else redis-server on PATH. */
export const findRedis = (env = process.env) => env.REDIS_SERVER_BIN || onPath('redis-server', env);

/** As findRedis, and installs Debian's where there is none. */
export async function needRedis() {
  if (findRedis() === undefined) await aptInstall(['redis-server']);
  const binary = findRedis();
  if (binary === undefined) throw new ScriptError('there is still no redis-server on PATH; install one, or set REDIS_SERVER_BIN to its path');
  return binary;
}

/** Starts a server on loopback that keeps nothing on disk, and waits until it answers. It dies with this process. */
export async function startRedisServer({ folder, port, args = [] }) {
  const binary = findRedis();
  if (binary === undefined) throw new ScriptError("there is no redis-server on PATH. Run scripts/test, which installs it, or: apt-get install redis-server");
  const own = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder, '--daemonize', 'no', ...args];
  const child = await startChild({ name: 'redis-server', command: binary, args: own, logFile: join(folder, 'redis.log') });
  const untilMs = performance.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    if (!child.isRunning()) throw new ScriptError(`redis-server ended at once (${endedHow(await child.ended)}):\n${child.lastLines(15)}`);
    if (await answers(port)) return { child, stop: () => child.stop(STOP_DEADLINE_MS) };
    if (performance.now() > untilMs) {
      child.kill();
      throw new ScriptError(`redis-server did not answer on port ${port} within ${ANSWER_DEADLINE_MS / 1000} s:\n${child.lastLines(15)}`);
    }
    await sleep(10);
  }
}

/** Whether a server says anything there to PING; one with a password refuses it, and is there all the same. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (is) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => done(/^(\+PONG|-NOAUTH)/.test(data.toString())));
  });
}
