import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from '../../scripts/lib/ports.mjs';
import { startRedisServer } from '../../scripts/lib/redis-server.mjs';

/** A real Redis on this machine, with nothing in it. */
export interface TestRedis {
  readonly port: number;
  /** redis://127.0.0.1:port, with the password where there is one. */
  readonly url: string;
  /** Any command, as an operator would give it. */
  command(...args: string[]): Promise<unknown>;
  /** SIGKILL: connections break, and everything it knew is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. Kills a running one first. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** Fails, and says what to install, where there is no redis-server. It dies with this process, whatever ends that. */
export async function startRedis(options: { password?: string; args?: readonly string[] } = {}): Promise<TestRedis> {
  const { password, args = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-redis-'));
  const port = await freePort();
  const start = () => startRedisServer({ folder, port, args: [...args, ...(password === undefined ? [] : ['--requirepass', password])] });
  let server = await start();
  const url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  let admin: ReturnType<typeof connect> | undefined;
  const connect = () => createClient({ url, RESP: 2 }).on('error', () => undefined).connect();
  const kill = async (): Promise<void> => {
    await admin?.then((client) => client.destroy());
    admin = undefined;
    server.child.kill();
    await server.child.ended;
  };
  return {
    port,
    url,
    command: async (...command) => (await (admin ??= connect())).sendCommand(command),
    kill,
    async restart() {
      await kill();
      server = await start();
    },
    freeze: () => void server.child.process.kill('SIGSTOP'),
    thaw: () => void server.child.process.kill('SIGCONT'),
    async stop() {
      server.child.process.kill('SIGCONT');
      await admin?.then((client) => client.destroy());
      admin = undefined;
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
