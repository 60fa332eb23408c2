/**
 * The same items, until `signal` is aborted: then it ends at once, even while `source` still makes us wait.
 * One listener for the whole loop, and no promise that outlives it: nothing piles up, however many items come.
 */
export async function* until<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let wake: (() => void) | undefined;
  const onAbort = (): void => wake?.();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const result = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (result === undefined || result.done === true || signal.aborted) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a source that hangs must not hold us up.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
