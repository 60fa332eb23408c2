import { execFile, type ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../voice-node/config.js';

export interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `voice-node` with these arguments, as an operator does; resolves when it has ended. */
export const command = (args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { ...process.env, NODE_ENV: 'production', ...environment };
    execFile(process.execPath, [join(ROOT, 'dist/voice-node/main.js'), ...args], { env, timeout: 60_000 }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
