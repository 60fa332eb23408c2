import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_ENDS, REFUSALS } from '../../../voice-node/domain/observer.js';
import { Ledger } from '../../../voice-node/node/ledger.js';
import { CountingCalls } from './desk-rig.js';

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

describe('the ledger', () => {
  it('balances after every entry, whatever comes in whatever order, and each call has one fate', () => {
    const id = fc.integer({ min: 0, max: 5 }).map((n) => `call-${n}`);
    const event = fc.oneof(
      fc.record({ type: fc.constant('open' as const), id }),
      fc.record({ type: fc.constant('refuse' as const), id, reason: fc.constantFrom(...REFUSALS) }),
      fc.record({ type: fc.constant('end' as const), id, end: fc.constantFrom(...CALL_ENDS) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const meter = new CountingCalls();
        const ledger = new Ledger(meter);
        const live = new Set<string>();
        let offered = 0;
        for (const one of events) {
          const wasLive = live.has(one.id);
          if (one.type === 'open') {
            expect(ledger.open(one.id)).toBe(!wasLive);
            if (!wasLive) offered++;
            live.add(one.id);
          } else {
            expect(one.type === 'refuse' ? ledger.refuse(one.id, one.reason) : ledger.end(one.id, one.end)).toBe(wasLive);
            live.delete(one.id);
          }
          const { books } = ledger;
          expect(books.live).toBe(live.size);
          expect(books.offered).toBe(offered);
          expect(books.offered).toBe(books.live + sum(books.refused) + sum(books.ended));
          expect([meter.offeredCount, meter.refusals.length, meter.ends.length]).toEqual([offered, sum(books.refused), sum(books.ended)]);
        }
      }),
    );
  });

  it('names the fate', () => {
    const ledger = new Ledger(new CountingCalls());
    ledger.open('a');
    ledger.open('b');
    ledger.refuse('a', 'full');
    ledger.end('b', 'crashed');
    expect(ledger.books).toMatchObject({ offered: 2, live: 0, refused: { full: 1, draining: 0 }, ended: { crashed: 1, idle: 0 } });
    expect(ledger.end('a', 'failed')).toBe(false);
    expect(ledger.books.ended.failed).toBe(0);
  });
});
