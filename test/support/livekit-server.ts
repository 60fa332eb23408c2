import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needLiveKitBinary } from '../../scripts/lib/livekit-binary.mjs';
import { freshKeys, startLiveKitServer } from '../../scripts/lib/livekit-server.mjs';
import { isFree, livekitPorts } from '../../scripts/lib/ports.mjs';

const START_DEADLINE_MS = 20_000;

/** A real LiveKit server on this machine, with keys of its own. */
export interface TestLiveKit {
  /** ws://127.0.0.1:port */
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly port: number;
  /** Ends it and removes its log. Call it in afterAll; safe to call twice, and after `kill`. */
  stop(): Promise<void>;
  /** SIGKILL: as if the machine had lost power. Its connections break without a word. */
  kill(): void;
  /** Starts it again on the same ports with the same keys; resolves when the port answers. Kills a running one first. */
  restart(): Promise<void>;
  /** The end of its log. */
  lastLines(count: number): string;
}

/**
 * Starts a server and waits until it answers. The binary is LIVEKIT_SERVER_BIN, `livekit-server` on PATH, or the
 * one in the cache folder, built where there is none yet. It dies with this process, whatever ends that.
 *
 * @param options.port the signalling port (any free one by default); throws where it is taken
 */
export async function startLiveKit(options: { port?: number } = {}): Promise<TestLiveKit> {
  if (options.port !== undefined && !(await isFree(options.port))) {
    throw new Error(`startLiveKit: expected port ${options.port} to be free, it is taken`);
  }
  const binary = await needLiveKitBinary();
  const ports = await livekitPorts(options.port === undefined ? {} : { signal: options.port });
  const keys = freshKeys();
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-livekit-'));
  const logFile = join(folder, 'livekit-server.log');
  const start = () => startLiveKitServer({ binary, keys, ports, logFile, deadlineMs: START_DEADLINE_MS });
  let server = await start();

  return {
    url: server.url,
    httpUrl: server.httpUrl,
    ...keys,
    port: ports.signalPort,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => server.child.kill(),
    async restart() {
      server.child.kill();
      await server.child.ended;
      server = await start();
    },
    lastLines: (count) => server.child.lastLines(count),
  };
}
