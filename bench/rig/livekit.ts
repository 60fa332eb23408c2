import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../voice-node/config.js';

import type * as BinaryLib from '../../scripts/lib/livekit-binary.mjs';
import type * as ServerLib from '../../scripts/lib/livekit-server.mjs';
import type * as PortsLib from '../../scripts/lib/ports.mjs';

/** The scripts are plain modules outside of what is compiled; they stand where they are, seen from the root. */
const lib = (name: string): string => pathToFileURL(join(ROOT, 'scripts/lib', name)).href;

const START_DEADLINE_MS = 20_000;

export interface BenchLiveKit {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Of the server that runs now; -1 where none does. */
  readonly pid: number;
  stop(): Promise<void>;
  /** SIGKILL: its connections break without a word. */
  kill(): void;
  /** Starts it again on the same ports with the same keys; resolves when the port answers. */
  restart(): Promise<void>;
}

/** A real LiveKit server on loopback, with keys and ports of its own. */
export async function startBenchLiveKit(): Promise<BenchLiveKit> {
  const { needLiveKitBinary } = (await import(lib('livekit-binary.mjs'))) as typeof BinaryLib;
  const { freshKeys, startLiveKitServer } = (await import(lib('livekit-server.mjs'))) as typeof ServerLib;
  const { livekitPorts } = (await import(lib('ports.mjs'))) as typeof PortsLib;
  const binary = await needLiveKitBinary();
  const keys = freshKeys();
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-bench-'));
  const ports = await livekitPorts();
  const start = () => startLiveKitServer({ binary, keys, ports, logFile: join(folder, 'livekit-server.log'), deadlineMs: START_DEADLINE_MS });
  let server = await start();
  return {
    url: server.url,
    ...keys,
    get pid() {
      return server.child.process.pid ?? -1;
    },
    kill: () => server.child.kill(),
    async restart() {
      server.child.kill();
      await server.child.ended;
      server = await start();
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
