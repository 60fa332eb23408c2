import { join } from 'node:path';
import { cacheDir, ScriptError } from './checkout.mjs';
import { buildLiveKit, cachedLiveKit, dockerAnswers, givenLiveKit, HOW_TO_GET_LIVEKIT, LIVEKIT_IMAGE, whyNotGo } from './livekit-binary.mjs';
import { freshKeys, startLiveKitServer } from './livekit-server.mjs';
import { livekitPorts } from './ports.mjs';
import { runShown, say, tryRun } from './progress.mjs';

export const LIVEKIT_LOG = join(cacheDir, 'livekit-server.log');
const ANSWER_DEADLINE_MS = 20_000;

/** Checks that somebody answers at the address the user named. */
export async function checkNamed({ url }) {
  const httpUrl = url.replace(/^ws/, 'http');
  try {
    const response = await fetch(httpUrl, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
  } catch (error) {
    throw new ScriptError(`LIVEKIT_URL is set to '${url}', but nothing answers there (${error.cause?.code ?? error.message}). Start that server, or unset LIVEKIT_URL to get one of your own.`);
  }
}

/** A server of our own, added to `running`: livekit-server on PATH, else Docker, else built with Go. */
export async function startOwn(signal, running) {
  const binary = await chooseBinary(signal);
  const ports = await livekitPorts({ signal: 7880, tcp: 7881, udp: 7882 });
  const keys = freshKeys();
  const server = await startLiveKitServer({ binary, keys, ports, logFile: LIVEKIT_LOG, deadlineMs: ANSWER_DEADLINE_MS });
  running.push(server);
  return { ...server, ...keys };
}

/** A path, or undefined for Docker. */
async function chooseBinary(signal) {
  const given = givenLiveKit();
  if (given !== undefined) {
    say(`• LiveKit: ${given}`);
    return given;
  }
  if (await dockerAnswers()) {
    say(`• LiveKit: Docker, ${LIVEKIT_IMAGE}`);
    if ((await tryRun('docker', ['image', 'inspect', LIVEKIT_IMAGE])) === undefined) {
      await runShown(`fetching ${LIVEKIT_IMAGE}`, 'docker', ['pull', LIVEKIT_IMAGE], { signal });
    }
    return undefined;
  }
  const cached = cachedLiveKit();
  if (cached !== undefined) {
    say(`• LiveKit: ${cached}`);
    return cached;
  }
  const why = await whyNotGo();
  if (why === undefined) return buildLiveKit({ signal });
  throw new ScriptError(`No LiveKit server can be had here: no 'livekit-server' on PATH, no Docker engine that answers, and ${why}.\n${HOW_TO_GET_LIVEKIT}`);
}
