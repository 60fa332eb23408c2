import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Hono } from 'hono';
import { afterEach, beforeEach, vi } from 'vitest';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { addAdmin } from '../../../voice-node/web/admin.js';
import { listen, type WebServer } from '../../../voice-node/web/server.js';
import type { FakeOperations } from '../../support/fake-operations.js';
import { MemoryLog } from '../call/rig.js';

export const TOKEN = 'a-token-of-the-operator';

/** The operator's part of a node on a real port. */
export async function serve(operations: FakeOperations, adminToken = TOKEN, port = 0): Promise<WebServer> {
  const app = new Hono();
  addAdmin(app, { operations, adminToken, clock: systemClock, log: new MemoryLog() });
  return listen(app, '127.0.0.1', port);
}

/** What a command has written. */
export class Output extends PassThrough {
  get text(): string {
    return (this.read() as Buffer | null)?.toString() ?? '';
  }
}

/** Each test has a cache folder of its own, and an environment in which nothing is set. */
export function ownEnvironment(): { readonly cache: string; set(variables: Readonly<Record<string, string>>): void } {
  const own = { cache: '', set: (variables: Readonly<Record<string, string>>) => Object.entries(variables).forEach(([name, value]) => vi.stubEnv(name, value)) };
  beforeEach(() => {
    own.cache = mkdtempSync(join(tmpdir(), 'voice-node-cli-'));
    own.set({ CACHE_DIR: own.cache, ADMIN_TOKEN: '', HOST: '127.0.0.1', PORT: '' });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(own.cache, { recursive: true, force: true });
  });
  return own;
}
