import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../voice-node/config.js';

import type * as BinaryLib from '../../scripts/lib/livekit-binary.mjs';
import type * as ProgressLib from '../../scripts/lib/progress.mjs';

const lib = (name: string): string => pathToFileURL(join(ROOT, 'scripts/lib', name)).href;

/** Builds bench/callers into the cache folder, beside the LiveKit server; Go itself knows what has changed. Returns the binary's path. */
export async function buildCallers(): Promise<string> {
  const { livekitCacheDir, whyNotGo } = (await import(lib('livekit-binary.mjs'))) as typeof BinaryLib;
  const { runShown } = (await import(lib('progress.mjs'))) as typeof ProgressLib;
  const why = await whyNotGo();
  if (why !== undefined) throw new Error(`the benchmark's callers are a Go program: ${why}. See https://go.dev/dl/`);
  const binary = join(dirname(livekitCacheDir()), 'bench-callers', 'callers');
  mkdirSync(dirname(binary), { recursive: true });
  await runShown('building the callers with Go', 'go', ['build', '-trimpath', '-ldflags=-s -w', '-o', binary, '.'], {
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    cwd: join(ROOT, 'bench/callers'),
    hint: '2 minutes the first time',
  });
  return binary;
}
