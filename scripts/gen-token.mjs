// scripts/gen-token --identity my-user [--room demo]: prints a token and nothing else.
import { spawnSync } from 'node:child_process';
import { explain, inRoot, requireNode } from './lib/checkout.mjs';

requireNode();

const { ensureInstalled } = await import('./lib/install.mjs');
const { readUpEnv } = await import('./lib/settings.mjs');

try {
  await ensureInstalled();
  const { LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = process.env;
  // The keys of a running scripts/up come before those in .env: that server is the one that is there.
  const env = LIVEKIT_API_KEY || LIVEKIT_API_SECRET ? process.env : { ...process.env, ...readUpEnv() };
  const args = [inRoot('scripts', 'voice-node.mjs'), 'token', ...process.argv.slice(2)];
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  if (error) throw error;
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`gen-token: ${explain(error)}\n`);
  process.exitCode = 1;
}
