/** Runs a command and shows that it does; resolves with what it printed, rejects with its last lines where it failed. */
export function runShown(
  what: string,
  command: string,
  args: readonly string[],
  options?: { env?: NodeJS.ProcessEnv; cwd?: string; hint?: string; signal?: AbortSignal },
): Promise<string>;
