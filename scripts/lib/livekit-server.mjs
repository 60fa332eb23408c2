import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { endedHow, startChild } from './child.mjs';
import { ScriptError } from './checkout.mjs';
import { LIVEKIT_IMAGE } from './livekit-binary.mjs';

/**
 * Told to end, the server waits until all participants have left; told again, it ends. Told while it still starts,
 * it never does (seen in 1.13.5): hence the deadline, after which it is killed.
 */
const STOP_DEADLINE_MS = 3_000;
const STOP_INSIST_MS = 300;

/** A key pair nobody else has; the server wants at least 32 characters of secret. */
export const freshKeys = () => ({ apiKey: `API${randomBytes(6).toString('hex')}`, apiSecret: randomBytes(32).toString('base64url') });

/**
 * The server's configuration, for this machine only. Without `--dev`, which would announce the machine's outer
 * address: the node and the browser are here, so the media go over the loopback interface.
 */
export function livekitConfig({ apiKey, apiSecret, signalPort, tcpPort, udpPort, inContainer = false }) {
  // In a container it offers the container's address and 127.0.0.1, which out here means the published port;
  // a node_ip would hide one of them. Outside, only loopback is to be seen.
  const addresses = inContainer ? '' : '  node_ip: 127.0.0.1\n  interfaces: {includes: [lo]}\n';
  return `port: ${signalPort}
bind_addresses: ["${inContainer ? '0.0.0.0' : '127.0.0.1'}"]
rtc:
${addresses}  use_external_ip: false
  enable_loopback_candidate: true
  tcp_port: ${tcpPort}
  udp_port: ${udpPort}
keys:
  ${apiKey}: ${apiSecret}
logging: {level: info, json: true}
`;
}

/**
 * Starts a server on loopback, from a binary or in a container, and waits until it answers.
 *
 * The configuration goes by environment variable, which only this user can read: no file to protect or to leave behind.
 *
 * @param {{ binary?: string, keys: {apiKey: string, apiSecret: string}, logFile: string, deadlineMs: number,
 *   ports: {signalPort: number, tcpPort: number, udpPort: number} }} options without `binary` Docker runs it
 */
export async function startLiveKitServer({ binary, keys, ports, logFile, deadlineMs }) {
  const config = livekitConfig({ ...keys, ...ports, inContainer: binary === undefined });
  // Only what the server needs: a LIVEKIT_KEYS or NODE_IP of the user's would change what we asked for.
  const env = { ...pick(process.env, ['PATH', 'HOME', 'TMPDIR', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'XDG_RUNTIME_DIR']), LIVEKIT_CONFIG: config };
  const start = binary === undefined ? container(ports) : { command: binary, args: [] };
  const child = await startChild({ name: 'livekit-server', ...start, env, logFile });
  const stop = () => child.stop(STOP_DEADLINE_MS, STOP_INSIST_MS);
  const httpUrl = `http://127.0.0.1:${ports.signalPort}`;
  try {
    await waitUntilAnswers(httpUrl, child, deadlineMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `ws://127.0.0.1:${ports.signalPort}`, httpUrl, child, stop };
}

function container({ signalPort, tcpPort, udpPort }) {
  const name = `voice-node-livekit-${randomBytes(4).toString('hex')}`;
  const publish = [`${signalPort}:${signalPort}`, `${tcpPort}:${tcpPort}`, `${udpPort}:${udpPort}/udp`].flatMap((map) => ['-p', `127.0.0.1:${map}`]);
  return {
    command: 'docker',
    // `docker run` in the foreground hands signals on; --rm removes the container when it ends.
    args: ['run', '--rm', '--init', '--name', name, ...publish, '-e', 'LIVEKIT_CONFIG', LIVEKIT_IMAGE],
    // Killing the client leaves the container: remove it by name.
    onKill: () => void startChild({ name: 'docker rm', command: 'docker', args: ['rm', '-f', name] }).catch(() => {}),
  };
}

async function waitUntilAnswers(httpUrl, child, deadlineMs) {
  const untilMs = performance.now() + deadlineMs;
  while (performance.now() < untilMs) {
    if (!child.isRunning()) {
      throw new ScriptError(`livekit-server ended at once (${endedHow(await child.ended)}):\n${child.lastLines(15)}`);
    }
    if (await answers(httpUrl)) return;
    await sleep(25);
  }
  throw new ScriptError(`livekit-server did not answer on ${httpUrl} within ${deadlineMs / 1000} s:\n${child.lastLines(15)}`);
}

/** Whether a LiveKit server answers there. @param {string} httpUrl */
export async function answers(httpUrl, timeoutMs = 1_000) {
  try {
    const response = await fetch(httpUrl, { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

const pick = (object, names) => Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
