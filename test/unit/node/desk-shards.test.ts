import { describe, expect, it } from 'vitest';
import type { ShardListener } from '../../../voice-node/node/shard.js';
import { balances, deskRig } from './desk-rig.js';
import { vitalsOf } from './told.js';

/** The vitals of a process that has told none. */
const NOTHING = { lateShare: 0, loopP99Ms: 0, utilisation: 0, cpu: 0, residentBytes: 0 };

describe('a shard as the desk shows it', () => {
  it('has its newest vitals, and its process, until it is dead; the next one begins anew', () => {
    const rig = deskRig({ shards: 2, up: 0 });
    expect(rig.desk.shards).toEqual([]);
    const one = rig.start('1', false);
    expect(rig.desk.shards).toEqual([{ name: '1', pid: 4711, state: 'starting', calls: 0, restarts: 0, ...NOTHING }]);
    one.listener.ready();
    rig.start('2');
    const { calls: _, ...vitals } = vitalsOf({ lateShare: 0.01 });
    one.listener.vitals(vitalsOf());
    one.listener.vitals({ ...vitals, calls: [] });
    expect(rig.desk.shards).toEqual([
      { name: '1', pid: 4711, state: 'ready', calls: 0, restarts: 0, ...vitals },
      { name: '2', pid: 4711, state: 'ready', calls: 0, restarts: 0, ...NOTHING },
    ]);
    one.die();
    expect(rig.desk.shards[0]).toEqual({ name: '1', state: 'dead', calls: 0, restarts: 0, ...NOTHING });
    rig.start('1', false);
    expect(rig.desk.shards[0]).toEqual({ name: '1', pid: 4711, state: 'starting', calls: 0, restarts: 1, ...NOTHING });
  });

  it('is dead where it could not be made', async () => {
    const rig = deskRig({ shards: 1, up: 0 });
    const silent: ShardListener = { ready: () => undefined, vitals: () => undefined, said: () => undefined, identity: () => undefined, ended: () => undefined, died: () => undefined };
    const factory = rig.desk.watched(() => {
      throw new Error('out of processes');
    });
    for (const restarts of [0, 1]) {
      expect(() => factory('1', silent)).toThrow('out of processes');
      expect(rig.desk.shards).toEqual([{ name: '1', state: 'dead', calls: 0, restarts, ...NOTHING }]);
    }
    expect(await rig.desk.offer('a')).toEqual({ refused: 'not_ready' });
    rig.start('1');
    expect(rig.desk.shards).toMatchObject([{ name: '1', pid: 4711, state: 'ready', restarts: 2 }]);
    expect('refused' in (await rig.desk.offer('a'))).toBe(false);
  });

  it('counts its calls as soon as they have begun there, and no more when they are over or have gone on elsewhere', async () => {
    const rig = deskRig();
    const counts = (): number[] => rig.desk.shards.map(({ calls }) => calls);
    const [a] = [await rig.call('a'), await rig.call('b'), await rig.call('c')];
    expect(counts()).toEqual([2, 1]);
    rig.desk.hangUp(a);
    expect(counts()).toEqual([1, 1]);
    const dead = rig.shard('1');
    const [moved = ''] = dead.calls.keys();
    dead.die();
    await rig.clock.advanceTo(rig.clock.nowMs() + 1);
    expect(counts()).toEqual([0, 2]);
    // The dead are not heard.
    dead.listener.ended(moved, 'idle');
    dead.listener.ready();
    dead.listener.vitals(vitalsOf());
    expect(counts()).toEqual([0, 2]);
    expect(rig.desk.shards[0]).toEqual({ name: '1', state: 'dead', calls: 0, restarts: 0, ...NOTHING });
    expect(balances(rig)).toBe(true);
  });
});
