import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectSlots } from '../../../voice-node/transports/livekit/connect-slots.js';
import { seeded } from '../../../bench/rig/random.js';
import { FakeServer, fakeLine } from './fake-connections.js';

const frame = new Int16Array(480);
let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
});

/** A call under way: the caller is there. */
async function underWay(...more: Parameters<typeof fakeLine> extends [unknown, ...infer Rest] ? Rest : never) {
  const call = fakeLine(server, ...more);
  await call.open();
  server.newest.listener?.callerJoined('ann');
  call.heard.length = 0;
  return { ...call, first: server.newest };
}

describe('a line whose connection is lost', () => {
  it('joins again under a new name with a new token, and tells everything in order', async () => {
    const { line, heard, identities, first } = await underWay();
    line.setAgentState('speaking');
    server.state = 'refuses';
    first.listener?.lost('lost', 'SERVER_SHUTDOWN');
    expect(heard).toEqual(['left false', 'interrupted']);
    expect(first.phase).toBe('closed');
    expect(line.send(frame)).toBe(false);
    line.publish({ type: 'vad' } as never);
    line.transcript('robot', 's', 'lost', true);
    line.setAgentState('listening');
    await server.wait(10_000);
    server.state = 'up';
    await server.wait(1300);
    expect(heard).toEqual(['left false', 'interrupted', 'restored']);
    const [now] = server.inside;
    expect(server.inside).toHaveLength(1);
    expect(now?.settings.preferred).toBe('ann');
    expect(now?.states).toEqual(['listening']);
    expect(now?.told).toEqual([]);
    expect(identities).toHaveLength(1);
    expect(now?.token).toBe(`token of ${identities[0] ?? ''}`);
    now?.listener?.company(true, false);
    now?.listener?.callerJoined('ann');
    now?.listener?.audio(frame);
    first.listener?.company(false, true);
    expect(heard.slice(3)).toEqual(['company', 'joined ann', 'audio']);
    expect(line.send(frame)).toBe(true);
    await line.close();
    expect(server.clock.pendingTimers).toBe(0);
  });

  it('tries at least once a second while the port refuses, and never in step with others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        server = new FakeServer();
        const { line, first } = await underWay({}, new ConnectSlots(4), seeded(seed));
        server.state = 'refuses';
        first.listener?.lost('lost', 'gone');
        await server.wait(60_000);
        const starts = server.connections.slice(1).map(({ startedMs }) => startedMs);
        const gaps = starts.slice(1).map((ms, i) => ms - (starts[i] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(1000);
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(300);
        expect(new Set(server.connections.map(({ token }) => token)).size).toBe(server.connections.length);
        await line.close();
        // The answer that was on its way.
        await server.wait(20);
        expect(server.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('is not held for long by a server that accepts and says nothing', async () => {
    const { line, heard, first } = await underWay();
    server.state = 'hangs';
    first.listener?.lost('lost', 'gone');
    await server.wait(9000);
    expect(server.connections.length).toBeGreaterThanOrEqual(3);
    // What hung is left behind, and does not count as inside when it gets through after all.
    expect(server.connections.filter(({ phase }) => phase === 'connecting')).toHaveLength(1);
    server.state = 'up';
    await server.wait(4500);
    expect(heard.at(-1)).toBe('restored');
    expect(server.inside).toHaveLength(1);
    await line.close();
  });

  it.each(['superseded', 'removed', 'room_closed', 'no_media'] as const)('stays away where that was wanted: %s', async (end) => {
    const { line, heard, first } = await underWay();
    first.listener?.lost(end, 'because');
    await server.wait(60_000);
    expect(heard).toEqual([`ended ${end}`]);
    expect(server.connections).toHaveLength(1);
    expect(first.phase).toBe('closed');
    await line.close();
    expect(server.clock.pendingTimers).toBe(0);
  });

  it('is given up after the longest outage, and at once where the call is somebody else’s', async () => {
    const late = await underWay({ maxOutageMs: 30_000 });
    server.state = 'refuses';
    late.first.listener?.lost('lost', 'gone');
    await server.wait(29_000);
    expect(late.heard).toEqual(['left false', 'interrupted']);
    await server.wait(3000);
    expect(late.heard.at(-1)).toBe('ended lost');

    server = new FakeServer();
    const taken = await underWay({ fresh: () => Promise.resolve(undefined) });
    taken.first.listener?.lost('lost', 'gone');
    await server.wait(10);
    expect(taken.heard).toEqual(['left false', 'interrupted', 'ended superseded']);
    expect(server.clock.pendingTimers).toBe(0);
  });

  it('goes on although no token comes, or the old connection never closes', async () => {
    let asked = 0;
    const { line, heard, first } = await underWay({
      fresh: (identity) => (++asked === 1 ? new Promise(() => undefined) : asked === 2 ? Promise.reject(new Error('no')) : Promise.resolve(identity)),
    });
    first.takesForEver = true;
    first.listener?.lost('lost', 'gone');
    await server.wait(4500);
    expect(heard.at(-1)).toBe('restored');
    expect(asked).toBe(3);
    void line.close();
  });

  it('is closed at any moment without anything left behind, and nothing is told afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('up', 'refuses', 'hangs'), fc.integer({ min: 0, max: 5000 }), async (state, ms) => {
        server = new FakeServer();
        const { line, heard, first } = await underWay();
        server.state = state;
        first.listener?.lost('lost', 'gone');
        await server.wait(ms);
        const before = heard.length;
        await line.close();
        server.state = 'up';
        await server.wait(10_000);
        expect(heard).toHaveLength(before);
        expect(server.inside).toHaveLength(0);
        expect(server.clock.pendingTimers).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('asks once for a ghost of its own to be removed, and for nobody else', async () => {
    const { first, removed, line } = await underWay();
    first.listener?.lost('lost', 'gone');
    await server.wait(300);
    const { settings, listener } = server.newest;
    expect(settings.isGhost('robot')).toBe(true);
    expect(settings.isGhost('robot-1')).toBe(false);
    expect(settings.isGhost('ann')).toBe(false);
    listener?.ghost('robot');
    listener?.ghost('robot');
    expect(removed).toEqual(['robot']);
    await line.close();
  });
});

describe('a connection that repairs itself', () => {
  it('has 2 s, and nobody is told', async () => {
    const { line, heard, first } = await underWay();
    first.listener?.repairing();
    await server.wait(1900);
    expect(line.send(frame)).toBe(true);
    first.listener?.repaired();
    await server.wait(60_000);
    expect(heard).toEqual([]);
    expect(server.connections).toHaveLength(1);
    await line.close();
    expect(server.clock.pendingTimers).toBe(0);
  });

  it('is replaced after that, and what it says later is not heard', async () => {
    const { heard, first } = await underWay();
    first.listener?.repairing();
    await server.wait(1999);
    expect(heard).toEqual([]);
    await server.wait(300);
    expect(heard).toEqual(['left false', 'interrupted', 'restored']);
    first.listener?.repaired();
    first.listener?.callerJoined('ann');
    first.listener?.lost('removed', 'too late');
    expect(heard).toHaveLength(3);
  });
});

describe('many lines at once', () => {
  it('connect four at a time, in the order they came, and are all back', async () => {
    const slots = new ConnectSlots(4);
    const calls = [];
    for (let i = 0; i < 24; i++) calls.push(await underWay({}, slots, seeded(i)));
    let most = 0;
    for (const { first } of calls) first.listener?.lost('lost', 'gone');
    for (let i = 0; i < 60; i++) {
      await server.wait(50);
      most = Math.max(most, server.connecting);
    }
    expect(most).toBe(4);
    expect(calls.every(({ heard }) => heard.at(-1) === 'restored')).toBe(true);
    expect(server.inside).toHaveLength(24);
    expect(slots.waiting).toBe(0);
  });
});
