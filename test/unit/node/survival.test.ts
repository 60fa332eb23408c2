import { describe, expect, it } from 'vitest';
import { HOME_LIMIT_MS, HOME_WAIT_MS } from '../../../voice-node/node/desk-homes.js';
import { MAX_QUICK_DEATHS, QUICK_MS } from '../../../voice-node/node/desk-call.js';
import { balances, deskRig } from './desk-rig.js';

describe('a shard that dies', () => {
  it('takes no call with it: each goes on in another one, under a new name, with what was said', async () => {
    const rig = deskRig();
    const a = await rig.call('a');
    const b = await rig.call('b');
    const home = rig.where(a);
    const other = rig.where(b);
    home?.say(a, { by: 'caller', text: 'hello' });
    home?.say(a, { by: 'robot', text: 'good day' });
    await rig.clock.advanceTo(5000);
    rig.made.forEach((shard) => shard.tell('listening'));
    home?.die('SIGSEGV');
    expect(rig.desk.live).toBe(2);
    await rig.clock.advanceTo(5001);
    expect(rig.where(a)).toBe(other);
    expect(other?.begun.at(-1)).toEqual({
      callId: a,
      room: 'a',
      token: `token of robot-${a}-1 for a`,
      identity: `robot-${a}-1`,
      metadata: '{"robot":"echo"}',
      acceptedMs: 1_700_000_000_000,
      past: [
        { by: 'caller', text: 'hello' },
        { by: 'robot', text: 'good day' },
      ],
    });
    expect(rig.rooms.removed).toEqual([`robot-${a}`]);
    expect(other?.begun).toHaveLength(2);
    expect(rig.meter.resumptions).toEqual(['shard_died']);
    other?.end(a, 'caller_left');
    expect(rig.meter.ends).toEqual(['caller_left']);
    expect(balances(rig)).toBe(true);
  });

  it('puts out the name that the robot had last', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').listener.identity(callId, `robot-${callId}-7`);
    rig.start('2');
    rig.shard('1').die();
    await rig.clock.advanceTo(1);
    expect(rig.rooms.removed).toEqual([`robot-${callId}-7`]);
    expect(rig.shard('2').begun[0]?.identity).toBe(`robot-${callId}-8`);
  });

  it('does not wait for a server that does not answer, and goes on where one says that it cannot', async () => {
    for (const trouble of [() => new Promise<never>(() => undefined), () => Promise.reject(new Error('no such server'))]) {
      const rig = deskRig({ shards: 1 });
      const callId = await rig.call('a');
      rig.start('2');
      rig.rooms.trouble = trouble;
      rig.shard('1').die();
      await rig.clock.advanceTo(1000);
      expect(rig.where(callId)).toBe(rig.shard('2'));
      expect(rig.log.at('warn')).toHaveLength(1);
    }
  });

  it('with no other: its calls wait for the process that takes its place', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').die();
    const starting = rig.start('1', false);
    await rig.clock.advanceTo(3000);
    expect(rig.where(callId)).toBeUndefined();
    expect(rig.desk.view().calls).toMatchObject([{ callId, phase: 'rejoining', shard: '' }]);
    starting.listener.ready();
    expect(rig.where(callId)).toBe(starting);
    expect(rig.desk.view().shards).toMatchObject([{ name: '1', restarts: 1 }]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('with none that comes up: the call ends as crashed, once', async () => {
    const rig = deskRig({ shards: 1 });
    await rig.call('a');
    rig.shard('1').die();
    await rig.clock.advanceTo(HOME_LIMIT_MS - 1);
    expect(rig.meter.ends).toEqual([]);
    await rig.clock.advanceTo(HOME_LIMIT_MS);
    expect(rig.meter.ends).toEqual(['crashed']);
    expect(balances(rig)).toBe(true);
  });

  it('leaves a full one in peace for a while, but no caller alone for ever', async () => {
    const rig = deskRig({ roomsPerShard: 2, shards: 2 });
    for (const room of ['a', 'b', 'c', 'd']) await rig.call(room);
    rig.shard('1').die();
    await rig.run(HOME_WAIT_MS - 500);
    expect(rig.shard('2').calls.size).toBe(2);
    await rig.run(1000);
    expect(rig.shard('2').calls.size).toBe(4);
  });

  it('loses a call for good that loses its process again and again as soon as it has begun, and not one that does so now and then', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    const crash = async (): Promise<void> => {
      const dying = rig.shard('1');
      rig.start('1');
      dying.die();
      await rig.clock.advanceTo(rig.clock.nowMs() + 1);
    };
    for (let n = 1; n < MAX_QUICK_DEATHS; n++) await crash();
    expect(rig.desk.has(callId)).toBe(true);
    for (let n = 1; n <= 20; n++) {
      await rig.clock.advanceTo(rig.clock.nowMs() + QUICK_MS);
      await crash();
    }
    for (let n = 1; n < MAX_QUICK_DEATHS; n++) await crash();
    expect(rig.desk.has(callId)).toBe(true);
    await crash();
    expect(rig.desk.has(callId)).toBe(false);
    expect(rig.meter.ends).toEqual(['crashed']);
    expect(rig.rooms.removed.at(-1)).toBe(`robot-${callId}-${20 + 2 * (MAX_QUICK_DEATHS - 1)}`);
    expect(balances(rig)).toBe(true);
  });

  it('ends a call that was hanging up as it was going to end', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').obedient = false;
    rig.desk.hangUp(callId);
    rig.start('2');
    rig.shard('1').die();
    await rig.clock.advanceTo(1);
    expect(rig.meter.ends).toEqual(['hung_up']);
    expect(rig.shard('2').begun).toEqual([]);
  });

  it('before a call was assigned to it, or in the middle of its move, is only another move', async () => {
    const rig = deskRig();
    const offer = await rig.desk.offer('a');
    if ('refused' in offer) throw new Error(offer.refused);
    rig.shard('1').die();
    void rig.desk.assigned(offer.callId, 't', '');
    expect(rig.where(offer.callId)).toBe(rig.shard('2'));
    expect(rig.shard('2').begun[0]?.past).toBeUndefined();
    rig.shard('2').die();
    rig.start('1').die();
    rig.start('2');
    await rig.clock.advanceTo(1);
    expect(rig.where(offer.callId)).toBe(rig.shard('2'));
  });

  it('whose calls are hung up while they move: they end there and then', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').die();
    expect(rig.desk.hangUp(callId)).toBe(true);
    rig.start('1');
    await rig.run(30_000);
    expect(rig.shard('1').begun).toEqual([]);
    expect(rig.meter.ends).toEqual(['hung_up']);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('cannot be heard afterwards', async () => {
    const rig = deskRig();
    const callId = await rig.call('a');
    const dead = rig.where(callId);
    dead?.die();
    await rig.clock.advanceTo(1);
    dead?.listener.ended(callId, 'failed');
    dead?.listener.said(callId, { by: 'caller', text: 'from the grave' });
    expect(rig.desk.has(callId)).toBe(true);
    expect(rig.meter.ends).toEqual([]);
  });
});

describe('a node that drains', () => {
  it('takes nothing more, lets calls go on to their end, and is over with the last', async () => {
    const rig = deskRig();
    const a = await rig.call('a');
    const b = await rig.call('b');
    let over = false;
    const drained = rig.desk.drain(60_000).then(() => (over = true));
    expect(rig.desk.readiness()).toEqual({ ready: false, reason: 'the node is about to stop' });
    expect(await rig.desk.offer('c')).toEqual({ refused: 'draining' });
    rig.where(a)?.end(a, 'caller_left');
    await rig.clock.advanceTo(59_999);
    expect(over).toBe(false);
    rig.where(b)?.end(b, 'idle');
    await drained;
    expect(rig.meter.ends).toEqual(['caller_left', 'idle']);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('with no calls is over at once', async () => {
    const rig = deskRig();
    await rig.desk.drain(60_000);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('hangs up at once where the caller has left, and not where he has not come yet', async () => {
    const rig = deskRig({ shards: 1 });
    const [deserted, young, talking] = [await rig.call('a'), await rig.call('b'), await rig.call('c')];
    rig.shard('1').tell('listening', [deserted, talking]);
    rig.shard('1').tell('waiting', [deserted, young]);
    void rig.desk.drain(60_000);
    expect(rig.shard('1').hungUp).toEqual([{ callId: deserted, end: 'shutdown' }]);
  });

  it('when its time is over: robots say good-bye, then are hung up, then given up', async () => {
    const rig = deskRig({ shards: 1 });
    const [polite, stubborn] = [await rig.call('a'), await rig.call('b')];
    rig.shard('1').obedient = false;
    let over = false;
    void rig.desk.drain(1000).then(() => (over = true));
    // Asked again, it has its first time still.
    void rig.desk.drain(1_000_000);
    await rig.clock.advanceTo(1000);
    expect(rig.shard('1').goodbyes).toEqual([polite, stubborn]);
    rig.shard('1').end(polite, 'shutdown');
    await rig.clock.advanceTo(9000);
    expect(rig.shard('1').hungUp).toEqual([{ callId: stubborn, end: 'shutdown' }]);
    expect(over).toBe(false);
    await rig.clock.advanceTo(25_000);
    expect(over).toBe(true);
    expect(rig.meter.ends).toEqual(['shutdown', 'shutdown']);
    expect(balances(rig)).toBe(true);
  });

  it('waits for a call that was accepted and not assigned yet, and begins it', async () => {
    const rig = deskRig({ shards: 1 });
    const offer = await rig.desk.offer('a');
    if ('refused' in offer) throw new Error(offer.refused);
    let over = false;
    void rig.desk.drain(60_000).then(() => (over = true));
    await rig.clock.advanceTo(2000);
    expect(over).toBe(false);
    void rig.desk.assigned(offer.callId, 't', '');
    expect(rig.where(offer.callId)).toBe(rig.shard('1'));
  });

  it('does not lose a call that is on its way from one process to another', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').tell('listening');
    rig.shard('1').die();
    let over = false;
    void rig.desk.drain(60_000).then(() => (over = true));
    await rig.clock.advanceTo(1500);
    expect(over).toBe(false);
    rig.start('1');
    await rig.clock.advanceTo(1501);
    rig.shard('1').tell('waiting');
    expect(rig.where(callId)).toBe(rig.shard('1'));
    expect(rig.shard('1').hungUp).toEqual([]);
  });

  it('does not take a caller for gone whom the new process has not heard yet', async () => {
    const rig = deskRig({ shards: 1 });
    const callId = await rig.call('a');
    rig.shard('1').tell('listening');
    rig.shard('1').die();
    rig.start('1');
    await rig.clock.advanceTo(1);
    rig.shard('1').tell('waiting', [callId]);
    void rig.desk.drain(60_000);
    expect(rig.shard('1').calls.has(callId)).toBe(true);
    rig.shard('1').tell('rejoining', [callId]);
    rig.shard('1').tell('waiting', [callId]);
    expect(rig.shard('1').hungUp).toEqual([]);
  });
});
