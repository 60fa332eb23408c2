import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VITALS_MS, type CallView } from '../../../voice-node/domain/operations.js';
import { LocalShard } from '../../../voice-node/node/local-shard.js';
import { VitalsProbe } from '../../../voice-node/node/vitals.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';
import { requestOf, StubCall } from './stub-call.js';
import { READING, StubGauge, told, type Told } from './told.js';

function setup(from: Told = told()) {
  const clock = new VirtualClock();
  const gauge = new StubGauge();
  const made: StubCall[] = [];
  const log = new MemoryLog();
  const create = (...args: ConstructorParameters<typeof StubCall>): StubCall => {
    const call = new StubCall(...args);
    made.push(call);
    return call;
  };
  const shard = new LocalShard({ name: '1', create, gauge, clock, log }, from.listener);
  return { ...from, clock, gauge, made, shard, log };
}

describe('a shard in this process', () => {
  it('is ready once whoever made it holds it, and tells its vitals twice a second', async () => {
    const { clock, lines, vitals, shard } = setup();
    expect(lines).toEqual([]);
    await clock.advanceTo(0);
    expect(lines).toEqual(['ready']);
    expect(shard.pid).toBe(process.pid);
    await clock.advanceTo(10 * VITALS_MS);
    expect(vitals.length).toBe(10);
    expect(vitals[0]).toEqual({ lateShare: 0, ...READING, calls: [] });
  });

  it('shows in its vitals how late its calls were since the last time, those that ended in between too', async () => {
    const { clock, vitals, made, shard } = setup();
    shard.begin(requestOf('a'));
    shard.begin(requestOf('b'));
    const [a, b] = made as [StubCall, StubCall];
    a.ticks = 100;
    await clock.advanceTo(VITALS_MS);
    a.ticks = 150;
    a.lateTicks = 10;
    b.ticks = 50;
    b.lateTicks = 5;
    b.finish('caller_left');
    await clock.advanceTo(2 * VITALS_MS);
    await clock.advanceTo(3 * VITALS_MS);
    expect(vitals.map(({ lateShare }) => lateShare)).toEqual([0, 15 / 100, 0]);
    expect(vitals.map(({ calls }) => calls.length)).toEqual([2, 1, 1]);
    expect(vitals[1]?.calls[0]).toMatchObject({ callId: 'a', ticks: 150, lateTicks: 10, phase: 'listening' });
  });

  it('tells what its calls tell, and each end once', async () => {
    const { clock, lines, made, shard } = setup();
    await clock.advanceTo(0);
    shard.begin(requestOf('a'));
    made[0]?.news.said({ by: 'robot', text: 'good day' });
    made[0]?.news.identity('robot-a-2');
    shard.hangUp('a', 'hung_up');
    shard.hangUp('a', 'idle');
    await clock.advanceTo(1);
    expect(lines).toEqual(['ready', 'said a robot: good day', 'identity a robot-a-2', 'ended a hung_up']);
  });

  it('stops in order: calls end, then it dies, and nothing is left', async () => {
    const { clock, lines, shard, gauge, made } = setup();
    shard.begin(requestOf('a'));
    await clock.advanceTo(1);
    await shard.stop();
    await shard.stop();
    shard.begin(requestOf('late'));
    expect(made.length).toBe(1);
    expect(lines).toEqual(['ready', 'ended a shutdown', 'died stopped']);
    expect([gauge.closed, clock.pendingTimers]).toEqual([1, 0]);
  });

  it('killed, is dead at once, and tells nothing afterwards', async () => {
    const { clock, lines, shard, made } = setup();
    shard.begin(requestOf('a'));
    await clock.advanceTo(1);
    shard.kill();
    expect(lines).toEqual(['ready', 'died killed']);
    await clock.advanceTo(5000);
    await shard.stop();
    expect(made[0]?.end).toBe('shutdown');
    expect(lines).toEqual(['ready', 'died killed']);
  });

  it('goes on when its listener throws', async () => {
    const broken = told();
    const { clock, lines, vitals, made, shard, log } = setup({
      ...broken,
      listener: { ...broken.listener, said: () => { throw new Error('a bug'); } },
    });
    await clock.advanceTo(0);
    shard.begin(requestOf('a'));
    made[0]?.news.said({ by: 'caller', text: 'hello' });
    shard.hangUp('a', 'idle');
    await clock.advanceTo(VITALS_MS);
    expect([lines.at(-1), vitals.length]).toEqual(['ended a idle', 1]);
    expect(log.at('error')).toEqual(['a bug in what listens to a shard']);
  });
});

describe('the late share', () => {
  const view = (callId: string, ticks: number, lateTicks: number): CallView => ({ callId, room: 'r', robot: 'x', phase: 'speaking', turns: 0, ticks, lateTicks, rejoins: 0 });

  it('over all times is what the calls have counted in all', () => {
    const step = fc.record({ call: fc.nat(4), ticks: fc.nat(100), late: fc.nat(100), then: fc.constantFrom('go on', 'take', 'end') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const probe = new VitalsProbe(new StubGauge());
        const live = new Map<string, { ticks: number; late: number }>();
        let [ticks, late, names] = [0, 0, 0];
        const current: string[] = Array.from({ length: 5 }, () => `call ${names++}`);
        const take = (): void => {
          const { lateShare } = probe.take([...live].map(([name, each]) => view(name, each.ticks, each.late)));
          expect(lateShare).toBe(ticks === 0 ? 0 : late / ticks);
          [ticks, late] = [0, 0];
        };
        for (const { call, ticks: more, late: lateMore, then } of steps) {
          const name = current[call] as string;
          const each = live.get(name) ?? { ticks: 0, late: 0 };
          const lates = Math.min(more, lateMore);
          live.set(name, { ticks: each.ticks + more, late: each.late + lates });
          ticks += more;
          late += lates;
          if (then === 'take') take();
          if (then === 'end') {
            const last = live.get(name) as { ticks: number; late: number };
            probe.ended(view(name, last.ticks, last.late));
            live.delete(name);
            current[call] = `call ${names++}`;
          }
        }
        take();
      }),
    );
  });
});
