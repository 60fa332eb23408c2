export const LIVEKIT_VERSION: string;
/** LIVEKIT_SERVER_BIN, else livekit-server on PATH, else the one built into the cache folder. */
export function findLiveKit(env?: NodeJS.ProcessEnv): string | undefined;
/** As findLiveKit, and builds one with Go where there is none; throws in words where it cannot. */
export function needLiveKitBinary(options?: { signal?: AbortSignal }): Promise<string>;
