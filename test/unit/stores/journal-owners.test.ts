import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEASE_MS, type Journal } from '../../../voice-node/domain/journal.js';
import { record, RIGS, type Place } from './journal-rigs.js';

const STEP_MS = LEASE_MS / 3;
const CALLS = ['c0', 'c1', 'c2'];
/** Two of the calls are in one room. */
const roomOf = (call: string): string => (call === 'c2' ? 'other room' : 'room');

type Deed = 'beat' | 'put' | 'claim' | 'remove' | 'holder' | 'orphans';
interface Act {
  readonly node: number;
  readonly deed: Deed;
  readonly call: string;
}
type Step = Act | 'time passes';

const act = (nodes: number, deeds: readonly Deed[]): fc.Arbitrary<Act> =>
  fc.record({ node: fc.nat(nodes - 1), deed: fc.constantFrom(...deeds), call: fc.constantFrom(...CALLS) });

/** What a journal promises, in the fewest words. */
class Promised {
  readonly #leases = new Map<number, number>();
  readonly #calls = new Map<string, { owner: number | undefined; moved: boolean; text: string }>();
  #now = 0;

  do(step: Step, text: string): unknown {
    if (step === 'time passes') return void (this.#now += STEP_MS);
    const { node, deed, call } = step;
    const known = this.#calls.get(call);
    switch (deed) {
      case 'beat':
        return void this.#leases.set(node, this.#now + LEASE_MS);
      case 'put':
        if (known !== undefined && known.owner !== node) return false;
        this.#calls.set(call, { owner: node, moved: known?.moved ?? false, text });
        return true;
      case 'remove':
        if (known?.owner !== node) return undefined;
        if (known.moved) known.owner = undefined;
        else this.#calls.delete(call);
        return undefined;
      case 'claim':
        if (!this.#isOrphan(call, node) || known === undefined) return undefined;
        Object.assign(known, { owner: node, moved: true });
        return known.text;
      case 'orphans':
        return CALLS.filter((one) => this.#isOrphan(one, node)).map((one) => this.#calls.get(one)?.text);
      case 'holder': {
        const owners = CALLS.filter((one) => roomOf(one) === roomOf(call)).map((one) => this.#calls.get(one)?.owner);
        return owners.includes(node) ? 'us' : owners.some((owner) => owner !== undefined && this.#lives(owner)) ? 'other' : undefined;
      }
    }
  }

  #isOrphan(call: string, asker: number): boolean {
    const owner = this.#calls.get(call)?.owner;
    return owner !== undefined && owner !== asker && !this.#lives(owner);
  }

  #lives(node: number): boolean {
    return (this.#leases.get(node) ?? -1) > this.#now;
  }
}

async function perform(journal: Journal, { deed, call }: Act, text: string): Promise<unknown> {
  switch (deed) {
    case 'beat':
      return journal.beat();
    case 'put':
      return journal.put(record(call, { room: roomOf(call), metadata: text }));
    case 'remove':
      return journal.remove(call);
    case 'claim':
      return (await journal.claim(call))?.metadata;
    case 'orphans':
      return (await journal.orphans()).toSorted((x, y) => (x.callId < y.callId ? -1 : 1)).map(({ metadata }) => metadata);
    case 'holder':
      return journal.holderOf(roomOf(call));
  }
}

async function inPlace(place: Place, nodes: number, story: (journals: readonly Journal[]) => Promise<void>): Promise<void> {
  try {
    await story(Array.from({ length: nodes }, (_, i) => place.node(`n${i}`)));
  } finally {
    await place.end();
  }
}

describe.each(RIGS)('owners of records in $name', (rig) => {
  beforeAll(() => rig.start());
  afterAll(() => rig.stop());

  it('are what was promised, whatever three nodes do one after another', async () => {
    const step: fc.Arbitrary<Step> = fc.oneof({ weight: 5, arbitrary: act(3, ['beat', 'put', 'put', 'claim', 'claim', 'remove', 'holder', 'orphans']) }, { weight: 2, arbitrary: fc.constant<Step>('time passes') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const place = rig.place();
        await inPlace(place, 3, async (journals) => {
          const promised = new Promised();
          for (const [i, one] of steps.entries()) {
            const expected = promised.do(one, `text ${i}`);
            if (one === 'time passes') await place.advance(STEP_MS);
            else expect([i, one, await perform(journals[one.node] as Journal, one, `text ${i}`)]).toEqual([i, one, expected]);
          }
        });
        expect(place.log.lines).toEqual([]);
      }),
      { numRuns: rig.runs },
    );
  });

  it('are never two, whatever two nodes do at the same time', async () => {
    const moment = fc.array(act(2, ['beat', 'put', 'put', 'claim', 'remove']), { minLength: 2, maxLength: 8 });
    const story = fc.array(fc.record({ moment, silentMs: fc.constantFrom(0, STEP_MS, LEASE_MS) }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(story, async (moments) => {
        const place = rig.place();
        await inPlace(place, 2, async (journals) => {
          for (const { moment: acts, silentMs } of moments) {
            await place.advance(silentMs);
            // Who claims shows first that he lives: so nobody may claim from him in the same moment.
            const done = await Promise.all(
              acts.map(async (one) => {
                const journal = journals[one.node] as Journal;
                const beaten = one.deed === 'claim' ? journal.beat() : undefined;
                await beaten;
                return { ...one, result: await perform(journal, one, 'text') };
              }),
            );
            for (const call of CALLS) {
              const of = done.filter((one) => one.call === call);
              const claims = of.filter(({ deed, result }) => deed === 'claim' && result !== undefined);
              expect(claims.length).toBeLessThanOrEqual(1);
              const isOver = of.some(({ deed }) => deed === 'remove');
              const writers = new Set(of.filter(({ deed, result }) => deed === 'put' && result === true).map(({ node }) => node));
              if (claims.length === 0 && !isOver) expect(writers.size).toBeLessThanOrEqual(1);
            }
            // What each of them believes now.
            for (const call of CALLS) {
              const believe = [await perform(journals[0] as Journal, { node: 0, deed: 'put', call }, 'text'), await perform(journals[1] as Journal, { node: 1, deed: 'put', call }, 'text')];
              expect(believe.filter((is) => is === true).length).toBeLessThanOrEqual(1);
            }
          }
        });
      }),
      { numRuns: rig.runs },
    );
  });
});
