import { mkdirSync, rmSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join, relative } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { endedHow, signalExitCode } from './child.mjs';
import { cacheDir, explain, inRoot, root, ScriptError } from './checkout.mjs';
import { ensureInstalled } from './install.mjs';
import { tryOffline } from './offline.mjs';
import { freePort, isFree } from './ports.mjs';
import { say, tryRun } from './progress.mjs';
import { namedLiveKit, namedPort, removeUpEnv, settings, writeUpEnv } from './settings.mjs';
import { checkNamed, LIVEKIT_LOG, startOwn } from './up-livekit.mjs';
import { startNode, waitUntilReady } from './up-node.mjs';

const NODE_LOG = join(cacheDir, 'voice-node.log');
const READY_DEADLINE_MS = 60_000;
const TOKEN_DEADLINE_MS = 30_000;

/**
 * Everything of `scripts/up`: starts it, keeps it running, ends it. Resolves with the exit code:
 * 128 + signal after Ctrl-C or a signal, 1 when something failed or ended by itself.
 * @param {{ all: boolean }} options all: show the node's whole log
 */
export async function up({ all }) {
  /** What runs, in the order it was started. */
  const running = [];
  const stopping = new AbortController();
  const over = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A second Ctrl-C is from somebody who cannot wait.
      if (stopping.signal.aborted) for (const { child } of running) child.kill();
      stopping.abort(signal);
    });
  }
  const aborted = new Promise((_, reject) => stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason)));
  aborted.catch(() => {});

  try {
    const started = await start({ all, running, signal: stopping.signal, aborted });
    print(started);
    // Once the rest runs, and without holding it up: it may install things.
    void tryOffline(AbortSignal.any([stopping.signal, over.signal])).then((line) => stopping.signal.aborted || over.signal.aborted || say(line));
    await Promise.race([aborted, ...running.map(failOnEnd)]);
  } catch (error) {
    if (!stopping.signal.aborted) say(`\nscripts/up: ${explain(error)}`);
  }
  over.abort();
  if (running.length > 0) say('\nending …');
  // The node first: it takes its leave of the callers.
  for (const part of running.reverse()) await part.stop();
  removeUpEnv();
  return stopping.signal.aborted ? signalExitCode(stopping.signal.reason) : 1;
}

async function failOnEnd({ child }) {
  const how = await child.ended;
  throw new ScriptError(`${child.name} ended (${endedHow(how)})${child.name === 'livekit-server' ? `:\n${child.lastLines(10)}` : `; its log: ${NODE_LOG}`}`);
}

async function start({ all, running, signal, aborted }) {
  mkdirSync(cacheDir, { recursive: true });
  const values = settings();
  const host = values.HOST ?? '127.0.0.1';
  const named = namedLiveKit(values);
  const wantedPort = namedPort(values);
  if (wantedPort !== undefined && !(await isFree(wantedPort, host))) {
    throw new ScriptError(`PORT: ${host}:${wantedPort} is taken. End what listens there, choose another PORT, or unset it to get a free one.`);
  }
  await ensureInstalled(signal);
  await ensureBuilt();
  signal.throwIfAborted();

  for (const log of [NODE_LOG, LIVEKIT_LOG]) rmSync(log, { force: true });
  if (named !== undefined) await checkNamed(named);
  const livekit = named ?? (await startOwn(signal, running));
  signal.throwIfAborted();

  const port = wantedPort ?? (await freePort({ preferred: 8000, host }));
  const env = { ...process.env, LIVEKIT_URL: livekit.url, LIVEKIT_API_KEY: livekit.apiKey, LIVEKIT_API_SECRET: livekit.apiSecret, HOST: host, PORT: String(port) };
  // A public address in .env belongs to another server than the one just started.
  if (named === undefined) env.LIVEKIT_PUBLIC_URL = livekit.url;
  say('• starting the node …');
  const node = await startNode({ env, logFile: NODE_LOG, all, show: (line) => say(`  node: ${line}`) });
  running.push(node);
  const base = `http://${browserHost(host)}:${port}`;
  await Promise.race([waitUntilReady(base, node, READY_DEADLINE_MS), aborted]);
  writeUpEnv(livekit);
  const token = await freshToken(env);
  signal.throwIfAborted();
  return { base, token, publicUrl: env.LIVEKIT_PUBLIC_URL || values.LIVEKIT_PUBLIC_URL || livekit.url, ownServer: named === undefined };
}

async function freshToken(env) {
  const args = [inRoot('scripts', 'voice-node.mjs'), 'token', '--identity', 'caller', '--room', 'demo'];
  const token = (await tryRun(process.execPath, args, TOKEN_DEADLINE_MS, env))?.trim();
  if (!token) throw new ScriptError('no token could be made; try: scripts/gen-token --identity my-user');
  return token;
}

/** The address at which a browser on this machine reaches a server bound to `host`. */
function browserHost(host) {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIPv6(host) ? `[${host}]` : host;
}

/** A path as one would type it here: relative, quoted where the shell wants that. */
function typed(path) {
  const short = relative(process.cwd(), path);
  const shown = short.startsWith('..') ? path : short.includes('/') ? short : `./${short}`;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", `'\\''`)}'`;
}

function print({ base, token, publicUrl, ownServer }) {
  const logs = [NODE_LOG, ...(ownServer ? [LIVEKIT_LOG] : [])].map(typed);
  process.stdout.write(`
voice-node is ready. Open this and talk:

  ${base}/#url=${publicUrl}&token=${token}

  page      ${base}/
  figures   curl ${base}/metrics
  a token   ${typed(join(root, 'scripts', 'gen-token'))} --identity my-user --room demo
  logs      ${logs.join('  ')}

Ctrl-C ends all of it.
`);
}
