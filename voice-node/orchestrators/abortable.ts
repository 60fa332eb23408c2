/** An AbortController that aborts with its parent. To be aborted in the end in any case: that lets go of the parent. */
export function childOf(parent: AbortSignal): AbortController {
  const child = new AbortController();
  if (parent.aborted) {
    child.abort();
    return child;
  }
  const follow = (): void => child.abort();
  parent.addEventListener('abort', follow, { once: true });
  child.signal.addEventListener('abort', () => parent.removeEventListener('abort', follow), { once: true });
  return child;
}

/** Runs `task` once `signal` aborts, at once where it has. Returns what takes that back. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  if (signal.aborted) {
    task();
    return () => undefined;
  }
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

/** What `work` resolves with, or undefined as soon as `signal` aborts. What comes later is ignored. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => resolve(undefined));
    work.then(
      (value) => {
        off();
        resolve(value);
      },
      (error: unknown) => {
        off();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/**
 * Iterates over `source` until `signal` aborts; then it ends at once and without an error, even where the source
 * does not notice. Throws what the source throws.
 */
export async function* whileWanted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  if (signal.aborted) return;
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      if (next === undefined || signal.aborted || next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // Not awaited: a source that hangs in `next` would hold us here.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
