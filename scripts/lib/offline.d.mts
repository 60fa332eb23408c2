/** The Python that has pocketsphinx, once it has been set up: below CACHE_DIR or the home folder. */
export function pocketsphinxPython(values?: Record<string, string | undefined>): string;
export function pocketsphinxFolder(values?: Record<string, string | undefined>): string;
/** What robots/offline needs and does not find, by name. */
export function offlineMissing(values?: Record<string, string | undefined>): string[];
/** Installs it; throws with a reason where that cannot be done. */
export function needOffline(): Promise<void>;
/** Installs it quietly where that can be done, and says in one line whether robots/offline is ready. Never rejects. */
export function tryOffline(signal?: AbortSignal): Promise<string>;
