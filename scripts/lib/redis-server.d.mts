/** REDIS_SERVER_BIN, else redis-server on PATH. */
export function findRedis(env?: NodeJS.ProcessEnv): string | undefined;
/** As findRedis, and installs Debian's where there is none; throws in words where it cannot. */
export function needRedis(): Promise<string>;
/** `args` are added to the server's own; throws in words where it does not start. */
export function startRedisServer(options: { folder: string; port: number; args?: readonly string[] }): Promise<{
  readonly child: { readonly process: import('node:child_process').ChildProcess; kill(): void; readonly ended: Promise<unknown>; lastLines(count: number): string };
  stop(): Promise<void>;
}>;
