import { AvailabilityRequest, Job, JobAssignment, JobStatus, Room, type AvailabilityResponse, type UpdateJobStatus } from '@livekit/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../../voice-node/domain/journal.js';
import { WorkerJobs } from '../../../voice-node/node/worker-jobs.js';
import { balances, deskRig, type DeskRig, type FakeShard } from './desk-rig.js';

const GOES_ON = 'the server has ended the job of a call; the call goes on until its robot is put out of the room';

let rig: DeskRig;
let shard: FakeShard;
let jobs: WorkerJobs;
let answers: AvailabilityResponse[];
let reports: UpdateJobStatus[];
/** Who has a room, as the journal says it, when it does. */
let holder: () => Promise<'us' | 'other' | undefined>;

beforeEach(() => {
  holder = () => Promise.resolve(undefined);
  const journal = { holderOf: () => holder(), put: () => Promise.resolve(true), remove: () => Promise.resolve() } as unknown as Journal;
  rig = deskRig({ journal, shards: 1 });
  shard = rig.shard('1');
  answers = [];
  reports = [];
  jobs = new WorkerJobs({
    desk: rig.desk,
    clock: rig.clock,
    log: rig.log,
    send: (message) => {
      if (message.case === 'availability') answers.push(message.value);
      if (message.case === 'updateJob') reports.push(message.value);
    },
  });
});

const soon = (): Promise<void> => rig.clock.advanceTo(rig.clock.nowMs() + 1);
const offers = async (id: string, room: string): Promise<void> => {
  jobs.onAvailability(new AvailabilityRequest({ job: new Job({ id, room: new Room({ name: room }) }) }));
  await soon();
};
const assigns = (id: string, room: string): void => jobs.onAssignment(new JobAssignment({ job: new Job({ id, room: new Room({ name: room, metadata: '{}' }) }), token: `token-${id}` }));

describe('the jobs of a worker', () => {
  it('are answered, begun, and reported when they are over', async () => {
    await offers('J1', 'a');
    expect(answers).toMatchObject([{ jobId: 'J1', available: true, terminate: false }]);
    assigns('J1', 'a');
    expect(shard.begun).toMatchObject([{ room: 'a', token: 'token-J1', metadata: '{}', identity: answers[0]?.participantIdentity }]);
    shard.end(shard.begun[0]?.callId ?? '', 'crashed');
    await soon();
    expect(reports.map(({ status }) => status)).toEqual([JobStatus.JS_RUNNING, JobStatus.JS_FAILED]);
    expect(jobs.running).toBe(0);
  });

  it('for a room that has its robot are done: nobody else need be asked', async () => {
    await offers('J1', 'same');
    await offers('J2', 'same');
    holder = () => Promise.resolve('other');
    await offers('J3', 'elsewhere');
    expect(answers.slice(1)).toMatchObject([
      { jobId: 'J2', available: false, terminate: true },
      { jobId: 'J3', available: false, terminate: true },
    ]);
    shard.die();
    await offers('J4', 'b');
    expect(answers[3]).toMatchObject({ available: false, terminate: false });
    expect(rig.meter.refusals).toEqual(['has_robot', 'has_robot', 'not_ready']);
    expect(balances(rig)).toBe(true);
  });

  it('that are called off before the robot is there end the call; after that the server puts it out', async () => {
    for (const [id, room] of [['J1', 'a'], ['J2', 'b']] as const) {
      await offers(id, room);
      assigns(id, room);
    }
    const [first, second] = shard.begun;
    shard.tell('listening', [second?.callId ?? '']);
    for (const id of ['J1', 'J2', 'J9']) jobs.onTermination(id);
    expect(shard.hungUp).toEqual([{ callId: first?.callId, end: 'room_closed' }]);
    expect(shard.calls.has(second?.callId ?? '')).toBe(true);
    expect(rig.log.at('info').filter((line) => line === GOES_ON)).toHaveLength(1);
  });

  it('that end because the robot of a dead process leaves do not end the call', async () => {
    await offers('J1', 'a');
    assigns('J1', 'a');
    shard.die();
    const next = rig.start('1');
    jobs.onTermination('J1');
    await soon();
    jobs.onTermination('J1');
    expect(next.calls.size).toBe(1);
    expect(next.hungUp).toEqual([]);
    expect(reports).toHaveLength(1);
  });

  it('wait for the journal, and are forgotten if their connection goes meanwhile', async () => {
    let answer: (holder: undefined) => void = () => undefined;
    holder = () => new Promise((resolve) => (answer = resolve));
    await offers('J1', 'a');
    await offers('J1', 'a');
    expect(rig.desk.live).toBe(1);
    expect(answers).toEqual([]);
    jobs.disconnected();
    answer(undefined);
    await soon();
    expect(answers).toEqual([]);
    expect(rig.meter.refusals).toEqual(['not_assigned']);
  });

  it('that were accepted and not assigned free their place: when the connection goes, and after a while', async () => {
    await offers('J1', 'a');
    jobs.disconnected();
    expect(rig.meter.refusals).toEqual(['not_assigned']);
    await offers('J2', 'b');
    await rig.clock.advanceTo(rig.clock.nowMs() + 10_000);
    expect(rig.meter.refusals).toEqual(['not_assigned', 'not_assigned']);
    assigns('J2', 'b');
    expect(reports).toMatchObject([{ jobId: 'J2', status: JobStatus.JS_FAILED }]);
    expect(shard.begun).toEqual([]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('are all reported to a server that is new', async () => {
    for (const [id, room] of [['J1', 'a'], ['J2', 'b']] as const) {
      await offers(id, room);
      assigns(id, room);
    }
    jobs.disconnected();
    jobs.reportAll();
    expect(reports.slice(2)).toMatchObject([
      { jobId: 'J1', status: JobStatus.JS_RUNNING },
      { jobId: 'J2', status: JobStatus.JS_RUNNING },
    ]);
  });
});
