import { describe, expect, it } from 'vitest';
import { until } from '../../../../voice-node/providers/net/until.js';
import { all, Growing } from './asking.js';

describe('until', () => {
  it('gives the same items', async () => {
    expect(await all(until(new Growing<number>().push(1, 2, 3).end(), new AbortController().signal))).toEqual([1, 2, 3]);
  });

  it('ends at once when aborted, even while it waits, and tells the source', async () => {
    const controller = new AbortController();
    let returned = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          returned++;
          return new Promise<never>(() => undefined);
        },
      }),
    };
    const items = all(until(source, controller.signal));
    controller.abort();
    expect(await items).toEqual([]);
    expect(returned).toBe(1);
    expect(await all(until(source, controller.signal))).toEqual([]);
  });

  it('throws what the source throws', async () => {
    const source = (async function* () {
      yield 1;
      throw new Error('source');
    })();
    await expect(all(until(source, new AbortController().signal))).rejects.toThrow('source');
  });

  it('leaves no listener behind, and adds one only', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => (listeners++, add(...args)));
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => (listeners--, remove(...args)));
    const feed = new Growing<number>().push(...Array.from({ length: 1000 }, (_, i) => i)).end();
    for await (const item of until(feed, signal)) expect(listeners).toBe(item >= 0 ? 1 : 0);
    expect(listeners).toBe(0);
  });
});
