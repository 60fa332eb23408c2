import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { ScriptError } from './checkout.mjs';
import { runShown, tryRun } from './progress.mjs';

/** The newest that `go install` takes: later ones carry replace directives. */
export const LIVEKIT_VERSION = '1.13.5';
export const LIVEKIT_IMAGE = `livekit/livekit-server:v${LIVEKIT_VERSION}`;

const PACKAGE = `github.com/livekit/livekit-server/cmd/server@v${LIVEKIT_VERSION}`;
/** From here on an older Go fetches by itself the newer one that the server asks for. */
const GO_NEEDED = [1, 21];

/** What to install where no LiveKit server can be had. */
export const HOW_TO_GET_LIVEKIT = `Install one of these, or point LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET at a server:
  livekit-server  https://docs.livekit.io/home/self-hosting/local/   (macOS: brew install livekit)
  Docker          https://docs.docker.com/engine/install/            (the engine has to run: 'docker info')
  Go ${GO_NEEDED.join('.')}+        https://go.dev/dl/                                 (builds livekit-server ${LIVEKIT_VERSION} once, about 3 minutes)`;

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** The first executable of that name on PATH. */
export const onPath = (name, env = process.env) =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find(isExecutable);

export function livekitCacheDir(env = process.env) {
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), '.cache');
  return join(base, 'voice-node', `livekit-server-${LIVEKIT_VERSION}`);
}

/** The binary named by LIVEKIT_SERVER_BIN, else the one on PATH. */
export function givenLiveKit(env = process.env) {
  const named = env.LIVEKIT_SERVER_BIN;
  if (named && !isExecutable(named)) throw new ScriptError(`LIVEKIT_SERVER_BIN: expected an executable file, got '${named}'`);
  return named || onPath('livekit-server', env);
}

/** The binary that an earlier build left in the cache folder. */
export function cachedLiveKit(env = process.env) {
  const path = join(livekitCacheDir(env), 'livekit-server');
  return isExecutable(path) ? path : undefined;
}

export const findLiveKit = (env = process.env) => givenLiveKit(env) ?? cachedLiveKit(env);

/** Why Go cannot build it here, or undefined where it can. */
export async function whyNotGo() {
  const version = /go(\d+)\.(\d+)/.exec((await tryRun('go', ['version'])) ?? '');
  if (version === null) return "no 'go' on PATH";
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const enough = major > GO_NEEDED[0] || (major === GO_NEEDED[0] && minor >= GO_NEEDED[1]);
  return enough ? undefined : `'go' on PATH is ${major}.${minor}, ${GO_NEEDED.join('.')} or newer is needed`;
}

/** Builds the server into the cache folder and returns the binary's path. */
export async function buildLiveKit({ signal, env = process.env } = {}) {
  const folder = livekitCacheDir(env);
  mkdirSync(folder, { recursive: true });
  // Built aside and moved into place: a build cut short leaves nothing that looks finished.
  const aside = mkdtempSync(join(folder, 'build-'));
  try {
    await runShown(`building livekit-server ${LIVEKIT_VERSION} with Go, once`, 'go', ['install', '-v', '-trimpath', '-ldflags=-s -w', PACKAGE], {
      env: { ...env, GOBIN: aside, CGO_ENABLED: '0', GOWORK: 'off' },
      cwd: aside,
      hint: 'about 2 to 4 minutes',
      signal,
    });
    const target = join(folder, 'livekit-server');
    renameSync(join(aside, 'server'), target);
    return target;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Whether a Docker engine answers; the client alone is not enough. */
export const dockerAnswers = async () =>
  onPath('docker') !== undefined && /\S/.test((await tryRun('docker', ['info', '--format', '{{.ServerVersion}}'])) ?? '');

/** For tests: a server that can be killed and started again, so a binary; built where there is none yet. */
export async function needLiveKitBinary(options) {
  const found = findLiveKit();
  if (found !== undefined) return found;
  const why = await whyNotGo();
  if (why !== undefined) throw new ScriptError(`No livekit-server here, and none can be built: ${why}.\n${HOW_TO_GET_LIVEKIT}`);
  return buildLiveKit(options);
}
