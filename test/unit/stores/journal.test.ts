import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LEASE_MS, MAX_SAID, MAX_SAID_CHARACTERS, type Journal } from '../../../voice-node/domain/journal.js';
import { record, RIGS, type Place } from './journal-rigs.js';

describe.each(RIGS)('a journal in $name', (rig) => {
  let place: Place;
  let a: Journal;
  let b: Journal;
  beforeAll(() => rig.start());
  afterAll(() => rig.stop());
  beforeEach(async () => {
    place = rig.place();
    [a, b] = [place.node('a'), place.node('b')];
    await a.beat();
    await b.beat();
  });
  afterEach(() => place.end());

  const ids = async (journal: Journal): Promise<string[]> => (await journal.orphans()).map(({ callId }) => callId).sort();

  it('gives the newest record of a node that is gone to another one, word for word', async () => {
    await a.put(record('c', { said: [] }));
    const newest = record('c', { identity: 'robot-c-2', metadata: 'ключ = "значение"\n', said: [{ by: 'robot', text: 'Да.\u2028 {"a":1}' }] });
    expect(await a.put(newest)).toBe(true);
    expect(await b.orphans()).toEqual([]);
    await place.advance(LEASE_MS / 2);
    await b.beat();
    expect(await b.orphans()).toEqual([]);
    await place.advance(LEASE_MS / 2);
    expect(await b.orphans()).toEqual([newest]);
    expect(await b.claim('c')).toEqual(newest);
    expect(await b.orphans()).toEqual([]);
  });

  it('keeps the longest conversation there may be', async () => {
    const long = record('c', { said: Array.from({ length: MAX_SAID }, (_, i) => ({ by: i % 2 === 0 ? ('caller' as const) : ('robot' as const), text: 'я'.repeat(MAX_SAID_CHARACTERS) })) });
    await a.put(long);
    await a.close();
    expect(await b.claim('c')).toEqual(long);
  });

  it('leaves a node that lives what it has', async () => {
    await a.put(record('c'));
    expect(await b.claim('c')).toBeUndefined();
    expect(await b.put(record('c'))).toBe(false);
    await b.remove('c');
    expect(await a.put(record('c'))).toBe(true);
    expect(await b.claim('unheard of')).toBeUndefined();
    expect(await a.claim('c')).toBeUndefined();
  });

  it('tells a node that was asleep that its call is another one’s, and for good', async () => {
    await a.put(record('c'));
    await place.advance(LEASE_MS);
    await b.beat();
    expect(await b.claim('c')).toBeDefined();
    await a.beat();
    expect(await a.put(record('c'))).toBe(false);
    await a.remove('c');
    expect(await b.put(record('c'))).toBe(true);
    await b.remove('c');
    // The call is over: it must not rise again.
    expect(await a.put(record('c'))).toBe(false);
    expect(await b.put(record('c'))).toBe(false);
    await a.close();
    await b.close();
    expect(await ids(place.node('late'))).toEqual([]);
  });

  it('lets a node that slept go on with what nobody took', async () => {
    await a.put(record('c'));
    await place.advance(10 * LEASE_MS);
    await b.beat();
    expect(await ids(b)).toEqual(['c']);
    await a.beat();
    expect(await ids(b)).toEqual([]);
    expect(await b.claim('c')).toBeUndefined();
    expect(await a.put(record('c'))).toBe(true);
  });

  it('hands a call on from node to node', async () => {
    await a.put(record('c'));
    for (const [from, to] of [[a, b], [b, a], [a, b]] as const) {
      await place.advance(LEASE_MS);
      await to.beat();
      expect(await to.claim('c')).toEqual(record('c'));
      expect(await to.put(record('c'))).toBe(true);
      await from.beat();
      expect(await from.put(record('c'))).toBe(false);
    }
  });

  it('knows what is over', async () => {
    await a.put(record('c'));
    await a.put(record('d'));
    await a.remove('c');
    await a.remove('never was');
    await a.close();
    expect(await ids(b)).toEqual(['d']);
    expect(await b.claim('c')).toBeUndefined();
  });

  it('makes orphans of what a closed node leaves, at once, and does nothing for it any more', async () => {
    await a.put(record('c'));
    await a.close();
    await a.close();
    expect(await ids(b)).toEqual(['c']);
    for (const work of [a.beat(), a.put(record('c')), a.remove('c'), a.holderOf('r'), a.orphans(), a.claim('c')]) await expect(work).rejects.toMatchObject({ code: 'journal_failed' });
    expect(await b.claim('c')).toEqual(record('c'));
  });

  it('takes a node that was started again for another one', async () => {
    await a.put(record('c'));
    const again = place.node('a');
    await again.beat();
    expect(await ids(again)).toEqual([]);
    expect(await again.put(record('c'))).toBe(false);
    await place.advance(LEASE_MS);
    await again.beat();
    expect(await ids(again)).toEqual(['c']);
    expect(await again.claim('c')).toEqual(record('c'));
  });

  it('says who holds a room: a living node, or nobody', async () => {
    await a.put(record('c', { room: 'Raum 1/../ü' }));
    const holders = async (room: string) => [await a.holderOf(room), await b.holderOf(room)];
    expect(await holders('Raum 1/../ü')).toEqual(['us', 'other']);
    expect(await holders('Raum 1')).toEqual([undefined, undefined]);
    await place.advance(LEASE_MS);
    await b.beat();
    expect(await b.holderOf('Raum 1/../ü')).toBeUndefined();
    await b.claim('c');
    await a.beat();
    expect(await holders('Raum 1/../ü')).toEqual(['other', 'us']);
    // A second call in the room, of the other node, and the end of the first.
    await a.put(record('d', { room: 'Raum 1/../ü' }));
    await b.remove('c');
    expect(await holders('Raum 1/../ü')).toEqual(['us', 'other']);
    await a.remove('d');
    expect(await holders('Raum 1/../ü')).toEqual([undefined, undefined]);
  });

  it('minds no name', async () => {
    const names = ['../../etc', '.', '..', 'a/b', 'a@b', 'ended', 'x'.repeat(300), 'звонок', '*', '{}', ' '];
    for (const name of names) expect(await a.put(record(name, { room: name }))).toBe(true);
    for (const name of names) expect(await b.holderOf(name)).toBe('other');
    await a.close();
    expect(await ids(b)).toEqual([...names].sort());
    for (const name of names) expect(await b.claim(name)).toEqual(record(name, { room: name }));
    for (const name of names) await b.remove(name);
    for (const name of names) expect(await b.holderOf(name)).toBeUndefined();
  });

  it('carries out what was begun without waiting in the order it came', async () => {
    const work = [a.put(record('c', { identity: '1' })), a.put(record('c', { identity: '2' })), a.put(record('d')), a.remove('d'), a.put(record('c', { identity: '3' }))];
    await Promise.all(work);
    await a.close();
    expect(await b.orphans()).toEqual([record('c', { identity: '3' })]);
  });

  it('gives each of many orphans to exactly one of many that want it', async () => {
    const calls = Array.from({ length: 20 }, (_, i) => `call-${i}`);
    for (const call of calls) await a.put(record(call));
    await a.close();
    const many = Array.from({ length: 8 }, (_, i) => place.node(`n${i}`));
    await Promise.all(many.map((node) => node.beat()));
    const claims = await Promise.all(many.flatMap((node, n) => calls.map(async (call) => ((await node.claim(call)) === undefined ? [] : [{ n, call }]))));
    const taken = claims.flat();
    expect(taken.map(({ call }) => call).sort()).toEqual([...calls].sort());
    for (const call of calls) {
      const puts = await Promise.all(many.map((node) => node.put(record(call))));
      expect(puts.flatMap((isOurs, n) => (isOurs ? [n] : []))).toEqual([taken.find((one) => one.call === call)?.n]);
    }
  });
});
