import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_ENDS } from '../../../voice-node/domain/observer.js';
import { MAX_SAID, MAX_SAID_CHARACTERS, type Journal } from '../../../voice-node/domain/journal.js';
import { wallMs } from '../../../voice-node/domain/time.js';
import { balances, deskRig, type DeskRig } from './desk-rig.js';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const holding = (holderOf: Journal['holderOf']): Journal => ({
  beat: () => Promise.resolve(),
  put: () => Promise.resolve(true),
  remove: () => Promise.resolve(),
  holderOf,
  orphans: () => Promise.resolve([]),
  claim: () => Promise.resolve(undefined),
  close: () => Promise.resolve(),
});

describe('a call at the desk', () => {
  it('is counted when it is offered, begun where there is most room, and booked when it ends', async () => {
    const rig = deskRig();
    const a = await rig.call('a');
    const b = await rig.call('b');
    expect(rig.where(a)).not.toBe(rig.where(b));
    expect(rig.where(a)?.begun[0]).toEqual({ callId: a, room: 'a', token: `token of robot-${a}`, identity: `robot-${a}`, metadata: '{"robot":"echo"}', acceptedMs: 1_700_000_000_000 });
    expect(rig.desk.view()).toMatchObject({ node: 'test', ready: true, draining: false, live: 2, offered: 2, maxCalls: 48 });
    rig.where(a)?.end(a, 'caller_left');
    expect(rig.desk.view()).toMatchObject({ live: 1, ended: { caller_left: 1 } });
    expect(rig.desk.has(a)).toBe(false);
    expect(balances(rig)).toBe(true);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('is told its end by whoever asked for it', async () => {
    const rig = deskRig();
    const offer = await rig.desk.offer('a');
    if ('refused' in offer) throw new Error(offer.refused);
    const done = rig.desk.assigned(offer.callId, 't', '');
    expect(rig.desk.assigned(offer.callId, 't', '')).toBeUndefined();
    rig.where(offer.callId)?.end(offer.callId, 'idle');
    expect(await done).toBe('idle');
    expect(rig.desk.assigned(offer.callId, 't', '')).toBeUndefined();
  });

  it('that is not given to us frees its place', async () => {
    const rig = deskRig({ maxCalls: 1 });
    const offer = await rig.desk.offer('a');
    if ('refused' in offer) throw new Error(offer.refused);
    expect(await rig.desk.offer('b')).toEqual({ refused: 'full' });
    expect(rig.desk.readiness()).toEqual({ ready: false, reason: 'all 1 calls are taken' });
    rig.desk.notAssigned(offer.callId);
    rig.desk.notAssigned(offer.callId);
    expect(rig.desk.view()).toMatchObject({ live: 0, refused: { full: 1, not_assigned: 1 } });
    expect('refused' in (await rig.desk.offer('b'))).toBe(false);
    expect(balances(rig)).toBe(true);
  });

  it('is refused by reason: no process, a robot in the room already, two offers of one room in the same instant', async () => {
    const rig = deskRig({ up: 0 });
    expect(await rig.desk.offer('a')).toEqual({ refused: 'not_ready' });
    expect(rig.desk.readiness()).toEqual({ ready: false, reason: 'no media process is up' });
    rig.start('1');
    const both = await Promise.all([rig.desk.offer('a'), rig.desk.offer('a')]);
    expect(both[1]).toEqual({ refused: 'has_robot' });
    expect(await rig.desk.offer('a')).toEqual({ refused: 'has_robot' });
    expect(balances(rig)).toBe(true);
  });

  it('has the place that its session was promised, and others have not', async () => {
    const promised = new Set(['session-1']);
    const expected = { get waiting() { return promised.size; }, has: (room: string) => promised.has(room), came: (room: string) => void promised.delete(room) };
    const rig = deskRig({ maxCalls: 1, ports: { expected } });
    expect(rig.desk.readiness().ready).toBe(false);
    expect(await rig.desk.offer('stranger')).toEqual({ refused: 'full' });
    expect('refused' in (await rig.desk.offer('session-1'))).toBe(false);
    expect(promised.size).toBe(0);
  });

  it('keeps what was promised, also where the node has become full or is told to stop in between', async () => {
    const promised = new Set(['session-1', 'session-2']);
    const expected = { get waiting() { return promised.size; }, has: (room: string) => promised.has(room), came: (room: string) => void promised.delete(room) };
    const rig = deskRig({ shards: 1, ports: { expected } });
    rig.shard('1').model = () => ({ lateShare: 1, loopP99Ms: 100, utilisation: 1 });
    await rig.run(4000);
    expect(await rig.desk.offer('stranger')).toEqual({ refused: 'full' });
    // The dispatch asks nobody who says that he is full, and asks for a room only once.
    expect([rig.desk.isOpen, rig.desk.wantsOffers]).toEqual([false, true]);
    const first = await rig.desk.offer('session-1');
    expect(first).toMatchObject({ identity: expect.stringMatching(/^robot-/) as string });
    let over = false;
    const drained = rig.desk.drain(60_000).then(() => (over = true));
    const second = await rig.desk.offer('session-2');
    expect(second).toMatchObject({ identity: expect.stringMatching(/^robot-/) as string });
    expect(rig.desk.wantsOffers).toBe(false);
    for (const made of [first, second]) {
      const { callId } = made as { readonly callId: string };
      void rig.desk.assigned(callId, 'token', '');
      expect(over).toBe(false);
      rig.shard('1').end(callId, 'caller_left');
    }
    await drained;
    expect(balances(rig)).toBe(true);
  });

  it('waits with its end for those who were promised a place, until the time for draining is over', async () => {
    const promised = new Set(['session-1']);
    const expected = { get waiting() { return promised.size; }, has: (room: string) => promised.has(room), came: (room: string) => void promised.delete(room) };
    const [one, other] = [deskRig({ shards: 1, ports: { expected } }), deskRig({ shards: 1, ports: { expected } })];
    const over: string[] = [];
    void other.desk.drain(2000).then(() => over.push('other'));
    void one.desk.drain(60_000).then(() => over.push('one'));
    await other.clock.advanceTo(1999);
    expect(over).toEqual([]);
    await other.clock.advanceTo(2000);
    await one.clock.advanceTo(5000);
    expect(over).toEqual(['other']);
    promised.clear();
    await one.clock.advanceTo(5500);
    expect(over).toEqual(['other', 'one']);
  });

  it('may go by the number of calls alone', async () => {
    const rig = deskRig({ shards: 2, roomsPerShard: 3, byCount: true });
    for (const name of ['1', '2']) rig.shard(name).model = () => ({ lateShare: 1, loopP99Ms: 100, utilisation: 1 });
    await rig.run(4000);
    for (let n = 0; n < 6; n++) await rig.call(`room-${n}`);
    expect([rig.shard('1').calls.size, rig.shard('2').calls.size]).toEqual([3, 3]);
    expect(await rig.desk.offer('one too many')).toEqual({ refused: 'full' });
    expect(rig.desk.load).toBe(1);
  });

  it('does not wait for a slow journal, and another node that has the room is heeded', async () => {
    const slow = deskRig({ journal: holding(never) });
    const offer = slow.desk.offer('a');
    await slow.clock.advanceTo(299);
    expect(slow.desk.live).toBe(1);
    await slow.clock.advanceTo(300);
    expect('refused' in (await offer)).toBe(false);
    const broken = deskRig({ journal: holding(() => Promise.reject(new Error('no journal'))) });
    expect('refused' in (await broken.desk.offer('a'))).toBe(false);
    const other = deskRig({ journal: holding(() => Promise.resolve('other')) });
    expect(await other.desk.offer('a')).toEqual({ refused: 'has_robot' });
    expect(balances(other)).toBe(true);
    const ours = deskRig({ journal: holding(() => Promise.resolve('us')) });
    expect('refused' in (await ours.desk.offer('a'))).toBe(false);
  });

  it('whose robot was put out of its room is another node’s, where the journal says so', async () => {
    let holder: 'us' | 'other' = 'us';
    const rig = deskRig({ shards: 1, journal: holding(() => Promise.resolve(holder)) });
    const [one, two, three] = [await rig.call('a'), await rig.call('b'), await rig.call('c')];
    rig.shard('1').end(one, 'room_closed');
    await rig.clock.advanceTo(rig.clock.nowMs() + 1);
    holder = 'other';
    rig.shard('1').end(two, 'room_closed');
    rig.shard('1').end(three, 'caller_left');
    await rig.clock.advanceTo(rig.clock.nowMs() + 1);
    expect(rig.meter.ends).toEqual(['room_closed', 'caller_left', 'superseded']);
    expect(rig.log.at('warn')).toContain('another node has taken this call over; it ends here');
    expect(balances(rig)).toBe(true);
  });

  it('is over where its process dies while the journal is asked whose it is', async () => {
    const rig = deskRig({ shards: 2, journal: holding((): Promise<never> => new Promise(() => undefined)) });
    const offer = rig.desk.offer('a');
    await rig.clock.advanceTo(1000);
    const answer = await offer;
    const callId = 'callId' in answer ? answer.callId : '';
    void rig.desk.assigned(callId, 'token', '');
    const shard = rig.shard('1').calls.has(callId) ? rig.shard('1') : rig.shard('2');
    shard.end(callId, 'room_closed');
    expect(rig.desk.live).toBe(1);
    shard.die();
    await rig.clock.advanceTo(rig.clock.nowMs() + 1000);
    expect([rig.meter.ends, rig.meter.resumptions, balances(rig)]).toEqual([['room_closed'], [], true]);
  });

  it('keeps the newest of what was said, within its bounds', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    for (let n = 0; n < MAX_SAID + 5; n++) rig.shard('1').say(callId, { by: 'caller', text: `${n} ${'x'.repeat(5000)}` });
    rig.start('2');
    rig.shard('1').die();
    await rig.clock.advanceTo(1);
    const past = rig.where(callId)?.begun[0]?.past ?? [];
    expect(past).toHaveLength(MAX_SAID);
    expect(past[0]?.text.startsWith('5 ')).toBe(true);
    expect(past.every(({ text }) => text.length === MAX_SAID_CHARACTERS)).toBe(true);
  });

  it('that comes from another node goes on, also where that kept more of what was said', async () => {
    const rig = deskRig({ shards: 1 });
    const said = Array.from({ length: MAX_SAID + 5 }, (_, n) => ({ by: 'caller' as const, text: `${n} ${'x'.repeat(5000)}` }));
    rig.desk.adopt('far', 'a')?.begin({ callId: 'far', room: 'a', metadata: '', identity: 'robot-far', acceptedMs: wallMs(1_700_000_000_000), said });
    await rig.clock.advanceTo(1);
    const past = rig.where('far')?.begun[0]?.past ?? [];
    expect(past).toHaveLength(MAX_SAID);
    expect(past[0]?.text.startsWith('5 ')).toBe(true);
    expect(past.every(({ text }) => text.length === MAX_SAID_CHARACTERS)).toBe(true);
  });

  it('is hung up by its name, wherever it is', async () => {
    const rig = deskRig();
    const begun = await rig.call('a');
    const offered = await rig.desk.offer('b');
    if ('refused' in offered) throw new Error(offered.refused);
    expect(rig.desk.hangUp('nobody')).toBe(false);
    expect(rig.desk.hangUp(begun)).toBe(true);
    expect(rig.desk.hangUp(offered.callId)).toBe(true);
    expect(rig.desk.assigned(offered.callId, 't', '')).toBeUndefined();
    expect(rig.desk.view()).toMatchObject({ live: 0, ended: { hung_up: 2 } });
    expect(balances(rig)).toBe(true);
  });

  it('is shown with what its shard says of it', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    expect(rig.desk.view().calls).toMatchObject([{ callId, room: 'a', phase: 'connecting', shard: '1', ageMs: 0 }]);
    await rig.clock.advanceTo(1500);
    rig.shard('1').tell('speaking');
    expect(rig.desk.view().calls).toMatchObject([{ callId, robot: 'echo', phase: 'speaking', shard: '1', ageMs: 1500 }]);
    expect(rig.desk.view().shards).toMatchObject([{ name: '1', pid: 4711, state: 'ready', calls: 1, restarts: 0, residentBytes: 1e8 }]);
  });

  it('ends with its job only where its robot is not in the room yet: else the server puts it out itself', async () => {
    const rig = deskRig({ shards: 1 });
    const young = await rig.call('a');
    const settled = await rig.call('b');
    rig.shard('1').tell('listening', [settled]);
    expect(rig.desk.terminated(young)).toBe(true);
    expect(rig.desk.terminated(settled)).toBe(false);
    expect(rig.desk.terminated('nobody')).toBe(false);
    expect(rig.desk.view()).toMatchObject({ live: 1, ended: { room_closed: 1 } });
  });

  it('is not begun in a shard that is to be replaced', async () => {
    const rig = deskRig();
    rig.shard('1').listener.retiring?.();
    for (const room of ['a', 'b', 'c']) expect(rig.where(await rig.call(room))).toBe(rig.shard('2'));
    rig.shard('2').listener.retiring?.();
    expect(await rig.desk.offer('d')).toEqual({ refused: 'not_ready' });
  });

  it('outside reasons come first', () => {
    const rig = deskRig({ up: 0, ports: { outside: () => 'not registered' } });
    expect(rig.desk.readiness()).toEqual({ ready: false, reason: 'not registered' });
  });
});

describe('the books of the desk', () => {
  it('balance through any order of offers, ends, deaths and hang-ups, and no room ever has two robots', { timeout: 30_000 }, async () => {
    const event = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant('offer' as const), room: fc.integer({ min: 0, max: 12 }), assign: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('end' as const), pick: fc.nat(), end: fc.constantFrom(...CALL_ENDS) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('hangUp' as const), pick: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('drop' as const), pick: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('die' as const), shard: fc.constantFrom('1', '2') }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('start' as const), shard: fc.constantFrom('1', '2') }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('drain' as const), ms: fc.integer({ min: 0, max: 5000 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
        const rig = deskRig({ roomsPerShard: 4 });
        const offered: string[] = [];
        for (const one of events) {
          if (one.type === 'offer') {
            const offer = await rig.desk.offer(`room-${one.room}`);
            if (!('refused' in offer)) {
              offered.push(offer.callId);
              if (one.assign) void rig.desk.assigned(offer.callId, 't', '');
            }
          } else if (one.type === 'end') endOne(rig, one.pick, one.end);
          else if (one.type === 'hangUp') rig.desk.hangUp(offered[one.pick % Math.max(1, offered.length)] ?? '');
          else if (one.type === 'drop') rig.desk.notAssigned(offered[one.pick % Math.max(1, offered.length)] ?? '');
          else if (one.type === 'die') rig.shard(one.shard).die();
          else if (one.type === 'start' && !rig.shard(one.shard).alive) rig.start(one.shard);
          else if (one.type === 'drain') void rig.desk.drain(one.ms);
          else if (one.type === 'wait') await rig.run(one.ms);
          expect(balances(rig)).toBe(true);
          const rooms = rig.made.flatMap((shard) => [...shard.calls.values()].map(({ request }) => request.room));
          expect(new Set(rooms).size).toBe(rooms.length);
        }
        // In the end all is over.
        void rig.desk.drain(0);
        await rig.run(60_000);
        expect(rig.desk.live).toBe(0);
        expect(balances(rig)).toBe(true);
        expect(rig.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

function endOne(rig: DeskRig, pick: number, end: (typeof CALL_ENDS)[number]): void {
  const all = rig.made.flatMap((shard) => [...shard.calls.keys()].map((callId) => ({ shard, callId })));
  const one = all[pick % Math.max(1, all.length)];
  one?.shard.end(one.callId, end);
}
