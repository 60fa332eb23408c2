import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../../voice-node/domain/journal.js';
import { EMPTY_MS, Takeover } from '../../../voice-node/node/takeover.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { JournalShelf, MemoryJournal } from '../../../voice-node/stores/journal-memory.js';
import { balances, deskRig, FakeRooms, type DeskRig, type DeskRigOptions } from './desk-rig.js';

interface Node {
  readonly rig: DeskRig;
  readonly takeover: Takeover;
  readonly journal: MemoryJournal;
}

function cluster() {
  const clock = new VirtualClock(1_700_000_000_000);
  const shelf = new JournalShelf();
  const rooms = new FakeRooms();
  const node = (name: string, options: DeskRigOptions = {}): Node => {
    const journal = new MemoryJournal(shelf, name, clock);
    const rig = deskRig({ clock, rooms, journal, node: name, shards: 1, ...options });
    const takeover = new Takeover({ journal, rooms, desk: rig.desk, clock, log: rig.log });
    takeover.start();
    return { rig, takeover, journal };
  };
  /** Everybody's shards tell their vitals meanwhile. */
  const run = async (ms: number, ...nodes: readonly Node[]): Promise<void> => {
    const endMs = clock.nowMs() + ms;
    while (clock.nowMs() < endMs) {
      await clock.advanceTo(Math.min(endMs, clock.nowMs() + 500));
      for (const { rig } of nodes) for (const shard of rig.made) shard.tell();
    }
  };
  const talks = async (one: Node, room: string): Promise<string> => {
    const callId = await one.rig.call(room);
    rooms.inside.set(room, [
      { identity: 'caller', agent: false },
      { identity: `robot-${callId}`, agent: true },
    ]);
    one.rig.shard('1').say(callId, { by: 'caller', text: `I am in ${room}` });
    await run(1500, one);
    return callId;
  };
  return { clock, shelf, rooms, node, run, talks };
}

describe('the calls of a node that is gone', () => {
  it('go on at another one, each once, with their words and a new name', async () => {
    const { node, run, talks, rooms } = cluster();
    const [a, b, c] = [node('a'), node('b'), node('c')];
    const calls = [await talks(a, 'r1'), await talks(a, 'r2'), await talks(a, 'r3')];
    a.takeover.stop();
    await run(LEASE_MS + 1500, b, c);
    const begun = [b, c].flatMap(({ rig }) => rig.shard('1').begun);
    expect(begun.map(({ callId }) => callId).sort()).toEqual([...calls].sort());
    expect(begun[0]).toMatchObject({ identity: `robot-${begun[0]?.callId}-1000000`, metadata: '{"robot":"echo"}', past: [{ by: 'caller', text: `I am in ${begun[0]?.room}` }] });
    expect([...rooms.removed].sort()).toEqual(calls.map((callId) => `robot-${callId}`).sort());
    expect([b, c].map(({ rig }) => rig.meter.resumptions.length).reduce((sum, count) => sum + count)).toBe(3);
    for (const { rig } of [b, c]) expect(balances(rig)).toBe(true);
    // The journal says so to the others.
    expect(await a.journal.holderOf('r1')).toBe('other');
  });

  it('that was only frozen end there at once when it wakes up', async () => {
    const { node, run, talks } = cluster();
    const [a, b] = [node('a'), node('b')];
    const callId = await talks(a, 'r1');
    a.takeover.stop();
    await run(LEASE_MS + 1500, b);
    expect(b.rig.desk.has(callId)).toBe(true);
    const { rig, journal } = a;
    const awake = new Takeover({ journal, rooms: rig.rooms, desk: rig.desk, clock: rig.clock, log: rig.log });
    // It renews its lease as if nothing had been.
    awake.start();
    rig.desk.confirm();
    await run(1, a, b);
    expect(rig.shard('1').hungUp).toEqual([{ callId, end: 'superseded' }]);
    expect(rig.meter.ends).toEqual(['superseded']);
    expect(b.rig.desk.has(callId)).toBe(true);
    awake.stop();
  });

  it('are confirmed by the loop itself when a renewal of the lease comes late', async () => {
    const { node, run, talks, clock } = cluster();
    const a = node('a');
    const callId = await talks(a, 'r1');
    const { rig } = a;
    let down = true;
    const { journal } = a;
    const takeover = new Takeover({ journal: Object.assign(Object.create(journal) as typeof journal, { beat: () => (down ? Promise.reject(new Error('cut off')) : journal.beat()), put: journal.put.bind(journal), orphans: () => journal.orphans() }), rooms: rig.rooms, desk: rig.desk, clock, log: rig.log });
    a.takeover.stop();
    down = false;
    takeover.start();
    await run(1500, a);
    down = true;
    const b = node('b');
    await run(LEASE_MS + 2500, a, b);
    expect(b.rig.desk.has(callId)).toBe(true);
    expect(rig.log.at('error').filter((line) => line.startsWith('renewing'))).toHaveLength(1);
    down = false;
    await run(1500, a, b);
    expect(rig.meter.ends).toEqual(['superseded']);
    takeover.stop();
  });

  it('are left to others by a node that is full, or drains', async () => {
    const { node, run, talks } = cluster();
    const [a, full, draining] = [node('a'), node('full', { maxCalls: 1 }), node('draining')];
    await talks(full, 'own');
    const callId = await talks(a, 'r1');
    void draining.rig.desk.drain(1e9);
    a.takeover.stop();
    await run(LEASE_MS + 3000, full, draining);
    expect(full.rig.desk.has(callId) || draining.rig.desk.has(callId)).toBe(false);
    const free = node('free');
    await run(1500, full, draining, free);
    expect(free.rig.desk.has(callId)).toBe(true);
  });

  it('in which nobody is any more are over, once the caller has had his time to come back', async () => {
    const { node, run, talks, rooms, shelf } = cluster();
    const [a, b] = [node('a'), node('b')];
    const [gone, back] = [await talks(a, 'r1'), await talks(a, 'r2')];
    rooms.inside.set('r1', [{ identity: `robot-${gone}`, agent: true }]);
    rooms.inside.delete('r2');
    a.takeover.stop();
    await run(LEASE_MS + EMPTY_MS / 2, b);
    expect(b.rig.shard('1').begun).toEqual([]);
    rooms.inside.set('r2', [{ identity: 'caller', agent: false }]);
    await run(EMPTY_MS, b);
    expect(b.rig.desk.has(back)).toBe(true);
    expect(b.rig.desk.has(gone)).toBe(false);
    expect([...shelf.entries.values()].filter(({ owner }) => owner !== '').map(({ room }) => room)).toEqual(['r2']);
    expect(b.rig.meter.offeredCount).toBe(1);
  });

  it('whose room has another robot by now are over: never two in one room', async () => {
    const { node, run, talks, rooms, clock } = cluster();
    const [a, b, c] = [node('a'), node('b'), node('c')];
    const [here, there, unknown] = [await talks(a, 'here'), await talks(a, 'there'), await talks(a, 'unknown')];
    for (const { takeover } of [a, b, c]) takeover.stop();
    await run(LEASE_MS + 500, b, c);
    // The server has offered the rooms anew before anybody looked.
    await b.rig.call('here');
    await c.rig.call('there');
    await c.journal.beat();
    const { rig, journal } = b;
    const late = new Takeover({ journal, rooms, desk: rig.desk, clock, log: rig.log });
    rooms.inside.set('unknown', [{ identity: 'caller', agent: false }, { identity: 'robot-call-of-somebody', agent: true }]);
    late.start();
    await run(4000, b, c);
    for (const callId of [here, there, unknown]) expect(b.rig.desk.has(callId)).toBe(false);
    expect(b.rig.shard('1').begun).toHaveLength(1);
    expect(await b.journal.orphans()).toEqual([]);
  });

  it('wait while the LiveKit server does not answer, which is said once', async () => {
    const { node, run, talks, rooms } = cluster();
    const [a, b] = [node('a'), node('b')];
    const callId = await talks(a, 'r1');
    rooms.trouble = () => Promise.reject(new Error('connection refused'));
    a.takeover.stop();
    await run(LEASE_MS + 5000, b);
    expect(b.rig.desk.has(callId)).toBe(false);
    expect(b.rig.log.at('error')).toHaveLength(1);
    rooms.trouble = undefined;
    await run(1500, b);
    expect(b.rig.desk.has(callId)).toBe(true);
  });

  it('put out every robot of the call that is in the room, also one that the record does not know yet', async () => {
    const { node, run, talks, rooms } = cluster();
    const [a, b] = [node('a'), node('b')];
    const callId = await talks(a, 'r1');
    rooms.inside.get('r1')?.push({ identity: `robot-${callId}-4`, agent: true });
    a.takeover.stop();
    await run(LEASE_MS + 1500, b);
    expect([...rooms.removed].sort()).toEqual([`robot-${callId}`, `robot-${callId}-4`]);
    expect(b.rig.shard('1').begun[0]?.identity).toBe(`robot-${callId}-1000000`);
  });

  it('were its own before it was started again', async () => {
    const { node, run, talks } = cluster();
    const a = node('a:1');
    const callId = await talks(a, 'r1');
    a.takeover.stop();
    const again = node('a:2');
    await run(LEASE_MS + 1500, again);
    expect(again.rig.shard('1').begun).toMatchObject([{ callId, past: [{ by: 'caller', text: 'I am in r1' }] }]);
    again.takeover.stop();
    again.rig.shard('1').end(callId, 'caller_left');
    await again.rig.clock.advanceTo(again.rig.clock.nowMs() + 10);
    expect(again.rig.clock.pendingTimers).toBe(0);
  });
});
