import { expect, it } from 'vitest';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { RESERVATION_MS, Reservations, type Reservation } from '../../../voice-node/web/reservations.js';

/** A node with `places`; `inBooks` are taken. */
function rig(places: number) {
  const clock = new VirtualClock();
  const books = { taken: 0 };
  const full = { ready: false, reason: 'full' };
  const reservations = new Reservations({ clock, readiness: (waiting) => (books.taken + waiting < places ? { ready: true } : full) });
  const reserve = (room: string): Reservation => {
    const place = reservations.reserve(room);
    if (!('release' in place)) throw new Error(place.reason);
    return place;
  };
  return { clock, books, reservations, reserve };
}

it('two that ask in the same instant are both counted, also by who only asks whether the node is ready', () => {
  const { reservations, reserve } = rig(2);
  reserve('a');
  expect(reservations.readiness).toEqual({ ready: true });
  reserve('b');
  expect(reservations.readiness).toEqual({ ready: false, reason: 'full' });
  expect(reservations.reserve('c')).toEqual({ ready: false, reason: 'full' });
  expect([reservations.has('a'), reservations.has('c'), reservations.waiting]).toEqual([true, false, 2]);
});

it('a call that has come is counted once, by the books', () => {
  const { reservations, reserve, books, clock } = rig(2);
  reserve('a');
  reservations.came('a');
  books.taken++;
  reservations.came('a');
  reservations.came('of somebody else');
  expect(reservations.waiting).toBe(0);
  expect(reservations.readiness.ready).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it('a room that could not be made gives its place back, at once and once', () => {
  const { reservations, reserve, clock } = rig(1);
  const place = reserve('a');
  place.release();
  const again = reserve('a');
  place.release();
  expect(reservations.waiting).toBe(1);
  again.release();
  expect([reservations.waiting, clock.pendingTimers]).toEqual([0, 0]);
});

it('a call that never comes, because another node has it, holds its place for a while only', async () => {
  const { reservations, reserve, clock } = rig(1);
  reserve('a');
  await clock.advanceTo(RESERVATION_MS - 1);
  expect(reservations.readiness.ready).toBe(false);
  await clock.advanceTo(RESERVATION_MS);
  expect(reservations.readiness.ready).toBe(true);
  reserve('b');
  reservations.close();
  expect([reservations.waiting, clock.pendingTimers]).toEqual([0, 0]);
});
