export const LIVEKIT_VERSION: string;
/** LIVEKIT_SERVER_BIN, else livekit-server on PATH, else the one built into the cache folder. */
export function findLiveKit(env?: NodeJS.ProcessEnv): string | undefined;
/** As findLiveKit, and builds one with Go where there is none; throws in words where it cannot. */
export function needLiveKitBinary(options?: { signal?: AbortSignal }): Promise<string>;
/** Where that one is kept; what else is built once lies beside it. */
export function livekitCacheDir(env?: NodeJS.ProcessEnv): string;
/** Why Go cannot build here, in words; undefined where it can. */
export function whyNotGo(): Promise<string | undefined>;
