// @ts-check

/** For how long a line that broke is made again: longer than a server takes to restart, shorter than anybody waits. */
export const REDIAL_MS = 120_000;

/** An attempt begins at least this often, where the one before it has failed by then. */
export const REDIAL_EVERY_MS = 1000;

/**
 * Whoever ended the call meant it: LiveKit's DisconnectReasons after which nobody should come back. All others are
 * accidents.
 */
const MEANT = new Set(['CLIENT_INITIATED', 'DUPLICATE_IDENTITY', 'PARTICIPANT_REMOVED', 'ROOM_DELETED', 'ROOM_CLOSED']);

/** @param {string} reason name of LiveKit's DisconnectReason */
export const isMeant = (reason) => MEANT.has(reason);

/**
 * Attempts until one succeeds. Several callers lose their line in the same moment, so that the pauses differ a little.
 * @template Line
 * @param {() => Promise<Line>} attempt
 * @param {object} how
 * @param {(error: unknown) => boolean} how.isHopeless further attempts would fail as well
 * @param {AbortSignal} how.signal
 * @param {() => number} [how.random] 0 to 1
 * @returns {Promise<Line>} rejects with the last error after REDIAL_MS, at once where it is hopeless; when `signal`
 *   aborts, with its reason
 */
export async function redial(attempt, { isHopeless, signal, random = Math.random }) {
  const startedMs = performance.now();
  for (;;) {
    const beganMs = performance.now();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (isHopeless(error)) throw error;
      const nextMs = Math.max(performance.now(), beganMs + REDIAL_EVERY_MS * (0.6 + 0.4 * random()));
      if (nextMs - startedMs > REDIAL_MS) throw error;
      await pause(nextMs - performance.now(), signal);
    }
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>} rejects when it aborts
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, Math.max(0, ms));
    signal.addEventListener('abort', stop, { once: true });
  });
}
