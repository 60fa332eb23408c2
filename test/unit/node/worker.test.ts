import { JobStatus, JobType, WorkerStatus } from '@livekit/protocol';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallEnd } from '../../../voice-node/domain/observer.js';
import { Worker } from '../../../voice-node/node/worker.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import type { MemoryLog } from '../call/rig.js';
import { balances, deskRig, type DeskRig, type FakeShard } from './desk-rig.js';
import { FakeDispatch } from './fake-dispatch.js';

const SECRET = 's'.repeat(32);

let server: FakeDispatch;
let url: string;
let clock: VirtualClock;
let log: MemoryLog;
let rig: DeskRig;
let shard: FakeShard;
let worker: Worker;

beforeEach(async () => {
  server = new FakeDispatch();
  url = await server.listen();
  clock = new VirtualClock();
  rig = deskRig({ clock, shards: 1, maxCalls: 2 });
  shard = rig.shard('1');
  log = rig.log;
  const push = log.lines.push.bind(log.lines);
  log.lines.push = (line) => {
    const count = push(line);
    server.changed();
    return count;
  };
  worker = new Worker({ url, apiKey: 'key', apiSecret: SECRET, version: '0.1.0' }, rig.desk, clock, log);
});

afterEach(async () => {
  worker.stop();
  await server.close();
  expect(balances(rig)).toBe(true);
});

const registered = async (): Promise<void> => {
  worker.start();
  await server.until(() => worker.registered);
};
const says = (message: string): boolean => log.lines.some((line) => line.message === message);
const lastStatus = (): { status: WorkerStatus | undefined; load: number | undefined } => {
  const last = server.of('updateWorker').at(-1);
  return { status: last?.status, load: last?.load };
};
async function takes(jobId: string, room: string, metadata = ''): Promise<void> {
  server.asks(jobId, room);
  await server.until(() => server.of('availability').some((answer) => answer.jobId === jobId));
  server.assigns(jobId, room, metadata);
}
const begun = (count: number): Promise<void> => server.until(() => shard.begun.length === count);
const ends = (index: number, end: CallEnd): void => shard.end(shard.begun[index]?.callId ?? '', end);
const takesCalls = (): boolean => worker.registered && rig.desk.isOpen;
/** Goes on, with a shard that is well. */
async function passes(ms: number): Promise<void> {
  await rig.run(ms);
}

describe('a worker', () => {
  it('registers with a token that says it is an agent, and reports its status from then on', async () => {
    await registered();
    const [request] = server.requests;
    expect(request?.url).toBe('/agent');
    const grants = await new TokenVerifier('key', SECRET).verify((request?.headers.authorization ?? '').replace('Bearer ', ''));
    expect(grants.video).toEqual({ agent: true });
    expect(server.of('register')[0]).toMatchObject({ type: JobType.JT_ROOM, version: '0.1.0', agentName: '' });
    await server.until(() => server.of('updateWorker').length === 1);
    expect(lastStatus()).toEqual({ status: WorkerStatus.WS_AVAILABLE, load: 0 });
    await passes(2500);
    await server.until(() => server.of('updateWorker').length >= 2);
    expect(takesCalls()).toBe(true);
  });

  it('takes the job of a room, begins the call, and says how it ended', async () => {
    await registered();
    await takes('J1', 'room-1', '{"robot":"echo"}');
    await begun(1);
    const [answer] = server.of('availability');
    const [request] = shard.begun;
    expect(answer).toMatchObject({ available: true, participantName: 'Robot' });
    expect(request).toMatchObject({ room: 'room-1', token: 'token-J1', metadata: '{"robot":"echo"}' });
    expect(answer?.participantIdentity).toBe(`robot-${request?.callId}`);
    await server.until(() => Math.abs((lastStatus().load ?? 0) - 0.325) < 0.001);
    await server.until(() => server.of('updateJob').length === 1);
    expect(server.of('updateJob')).toMatchObject([{ jobId: 'J1', status: JobStatus.JS_RUNNING }]);
    ends(0, 'caller_left');
    await server.until(() => server.of('updateJob').length === 2);
    expect(server.of('updateJob')[1]).toMatchObject({ jobId: 'J1', status: JobStatus.JS_SUCCESS });
    expect(rig.desk.live).toBe(0);
  });

  it('reports a failed call as failed', async () => {
    await registered();
    await takes('J1', 'room-1');
    await begun(1);
    ends(0, 'failed');
    await server.until(() => server.of('updateJob').length === 2);
    expect(server.of('updateJob')[1]?.status).toBe(JobStatus.JS_FAILED);
  });

  it('survives a call that cannot be made', async () => {
    await registered();
    const { begin } = shard;
    shard.begin = () => {
      throw new Error('no native memory');
    };
    await takes('J1', 'room-1');
    await server.until(() => server.of('updateJob').length === 2);
    expect(server.of('updateJob')[1]?.status).toBe(JobStatus.JS_FAILED);
    shard.begin = begin;
    await takes('J2', 'room-1');
    await begun(1);
    expect(worker.registered).toBe(true);
  });

  it('refuses when it is full, counting what it has accepted, and again takes calls after that', async () => {
    await registered();
    server.asks('J1', 'a');
    server.asks('J2', 'b');
    server.asks('J3', 'c');
    await server.until(() => server.of('availability').length === 3);
    expect(server.of('availability').map(({ jobId, available }) => [jobId, available]).sort()).toEqual([
      ['J1', true],
      ['J2', true],
      ['J3', false],
    ]);
    expect(takesCalls()).toBe(false);
    await server.until(() => lastStatus().status === WorkerStatus.WS_FULL);
    // The server has given both to others.
    await passes(10_000);
    expect(takesCalls()).toBe(true);
    expect(rig.meter.refusals).toEqual(['full', 'not_assigned', 'not_assigned']);
    await server.until(() => lastStatus().status === WorkerStatus.WS_AVAILABLE);
    server.assigns('J1', 'a');
    await server.until(() => says('a job came that had not been accepted, or too late'));
    await server.until(() => server.of('updateJob').length === 1);
    expect(server.of('updateJob')).toMatchObject([{ jobId: 'J1', status: JobStatus.JS_FAILED }]);
    expect(shard.begun).toHaveLength(0);
  });

  it('refuses while it drains, and lets calls in progress go on', async () => {
    await registered();
    await takes('J1', 'a');
    await begun(1);
    void rig.desk.drain(60_000);
    expect(takesCalls()).toBe(false);
    server.asks('J2', 'b');
    await server.until(() => server.of('availability').length === 2);
    expect(server.of('availability')[1]?.available).toBe(false);
    expect(lastStatus()).toEqual({ status: WorkerStatus.WS_FULL, load: 1 });
    expect(shard.calls.size).toBe(1);
  });

  it('registers again when the connection is gone, and calls go on meanwhile', async () => {
    await registered();
    await takes('J1', 'a');
    await server.until(() => server.of('updateJob').length === 1);
    for (let i = 2; i <= 4; i++) {
      server.drop();
      await server.until(() => !worker.registered);
      expect(takesCalls()).toBe(false);
      await clock.advanceTo(clock.nowMs() + 2000);
      await server.until(() => server.of('register').length === i && worker.registered);
      // A new connection is told of the calls there are.
      await server.until(() => server.of('updateJob').length === i);
      expect(server.of('updateJob').at(-1)).toMatchObject({ jobId: 'J1', status: JobStatus.JS_RUNNING });
    }
    expect(shard.calls.size).toBe(1);
    expect(log.lines.filter((line) => line.message === 'not registered; trying again')).toHaveLength(3);
  });

  it('tries for ever, and says the same trouble once', async () => {
    await server.close();
    worker.start();
    await server.until(() => says('not registered; trying again'));
    const before = log.lines.length;
    for (let i = 0; i < 5; i++) {
      await clock.advanceTo(clock.nowMs() + 2000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(log.lines.length - before).toBeLessThanOrEqual(1);
    const port = Number(new URL(url).port);
    server = new FakeDispatch();
    await server.listen(port);
    const back = (async () => {
      while (!worker.registered) {
        await clock.advanceTo(clock.nowMs() + 500);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await back;
    shard.tell();
    expect(takesCalls()).toBe(true);
  });

  it('says in words that its keys are refused', async () => {
    server.refuse = 401;
    worker.start();
    await server.until(() => log.lines.some((line) => line.fields.code === 'auth_failed'));
    const line = log.lines.find((entry) => entry.fields.code === 'auth_failed');
    expect(line).toMatchObject({ level: 'error' });
    expect(line?.fields.error).toMatch(/answered 401: the server does not accept LIVEKIT_API_KEY and LIVEKIT_API_SECRET/);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  it('says that something else answers there', async () => {
    server.refuse = 404;
    worker.start();
    await server.until(() => log.lines.some((line) => line.fields.code === 'worker_refused'));
    expect(log.lines.find((entry) => entry.fields.code === 'worker_refused')?.fields.error).toMatch(/answered 404: is this a LiveKit server/);
  });

  it('gives up a server that talks nonsense, and comes back', async () => {
    await registered();
    server.raw(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await server.until(() => !worker.registered);
    expect(log.lines.some((line) => line.fields.code === 'worker_refused')).toBe(true);
    await clock.advanceTo(clock.nowMs() + 2000);
    await server.until(() => worker.registered);
  });

  it('gives up a server that never answers its registration', async () => {
    server.answers = false;
    worker.start();
    await server.until(() => server.of('register').length === 1);
    await clock.advanceTo(5000);
    await server.until(() => log.lines.some((line) => String(line.fields.error).includes('the registration was not answered within 5000 ms')));
    server.answers = true;
    await clock.advanceTo(clock.nowMs() + 2000);
    await server.until(() => worker.registered);
  });

  it('gives up a peer that has fallen silent, whatever TCP says; one that answers pings is kept', async () => {
    await registered();
    for (let i = 0; i < 10; i++) {
      await clock.advanceTo(clock.nowMs() + 5000);
      // The pong has to come over a real socket: an answer to a question of ours shows that it has.
      server.asks(`ping-${i}`, 'x');
      await server.until(() => server.of('availability').some((answer) => answer.jobId === `ping-${i}`));
    }
    expect(worker.registered).toBe(true);
    server.pongs = false;
    await clock.advanceTo(clock.nowMs() + 20_001);
    expect(worker.registered).toBe(false);
    expect(log.lines.some((line) => String(line.fields.error).includes('nothing was heard for 15000 ms'))).toBe(true);
  });

  it('leaves nothing behind when it is stopped', async () => {
    await registered();
    server.asks('J1', 'a');
    await server.until(() => server.of('availability').length === 1);
    worker.stop();
    worker.start();
    expect(clock.pendingTimers).toBe(0);
    expect(log.at('error')).toEqual([]);
  });
});
