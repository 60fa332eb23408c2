import { ParticipantKind } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Caller, callerToken } from '../../bench/rig/caller.js';
import { interrupt } from '../../bench/rig/interruptions.js';
import { likeness } from '../../bench/rig/likeness.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { seeded } from '../../bench/rig/random.js';
import { trimmed, voice } from '../../bench/rig/voices.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';

const LIMIT_MS = 20_000;
const LOUD = 1500;
const words = trimmed(voice('Front_Center'));
const lengthMs = words.length / 48;

let liveKit: TestLiveKit;
let node: NodeProcess;
let callers: Caller[] = [];

beforeAll(async () => {
  liveKit = await startLiveKit();
  node = await NodeProcess.start(liveKit);
});
afterEach(async () => {
  for (const caller of callers) await caller.leave();
  callers = [];
});
afterAll(async () => {
  const code = await node.stop();
  await liveKit.stop();
  expect(code).toBe(0);
  expect(node.complaints).toEqual([]);
});

async function call(robot: string): Promise<{ caller: Caller; room: string }> {
  const session = await node.createSession(robot);
  const caller = new Caller();
  callers.push(caller);
  await caller.join(session.url, session.token);
  return { caller, room: session.room };
}

/** Says the words and returns what is heard from their end to the end of the answer. */
async function converse(caller: Caller): Promise<Int16Array> {
  const beganMs = await caller.say(words);
  const answer = await caller.heard.sound(beganMs + lengthMs, LIMIT_MS, LOUD);
  const quiet = await caller.heard.silence(answer.atMs, 800, LIMIT_MS);
  return caller.heard.between(answer.atMs - 400, quiet.atMs);
}

const WINDOW = 960;

/** Share of the power at `frequencyHz`, by windows of 20 ms: a jitter buffer that bends time breaks the phase between them. */
function purity(samples: Int16Array, frequencyHz: number): number {
  let [at, all] = [0, 0];
  for (let from = 0; from + WINDOW <= samples.length; from += WINDOW) {
    let [re, im] = [0, 0];
    for (let i = from; i < from + WINDOW; i++) {
      const x = samples[i] as number;
      const angle = (2 * Math.PI * frequencyHz * i) / 48_000;
      re += x * Math.cos(angle);
      im += x * Math.sin(angle);
      all += x * x;
    }
    at += (2 * (re * re + im * im)) / WINDOW;
  }
  return all === 0 ? 0 : at / all;
}

describe('a call', () => {
  it('says back what was said, whole', async () => {
    const { caller } = await call('echo');
    const { waveform, levels } = likeness(words, await converse(caller));
    expect(levels).toBeGreaterThan(0.9);
    // 0.8 and more on a machine with time to spare; another voice has less than 0.45.
    expect(waveform).toBeGreaterThan(0.5);
  });

  it('falls silent when interrupted, and not a word of the old answer comes later', async () => {
    const results = await interrupt(node, 2, seeded(3));
    expect(results).toHaveLength(2);
    // -48 dBFS: what Opus makes of silence is far below, what is left of a voice far above.
    for (const { laterPeak } of results) expect(laterPeak).toBeLessThan(130);
    expect(node.log.filter(({ msg }) => msg === 'barge-in').length).toBeGreaterThanOrEqual(2);
    expect(node.log.filter((line) => line.msg === 'turn' && line['end'] === 'interrupted').length).toBeGreaterThanOrEqual(2);
  });

  it('comes to every new room, as an agent, and its metadata names the robot', async () => {
    const rooms = new RoomServiceClient(liveKit.httpUrl, liveKit.apiKey, liveKit.apiSecret);
    await rooms.createRoom({ name: 'anyone-made-this', metadata: '{"robot":"tone"}' });
    const caller = new Caller();
    callers.push(caller);
    await caller.join(liveKit.url, await callerToken(liveKit, 'someone', 'anyone-made-this'));
    const [robot] = [...caller.room.remoteParticipants.values()];
    expect(robot?.kind).toBe(ParticipantKind.AGENT);
    const answer = await converse(caller);
    expect(purity(answer.slice(30_000, 50_000), 700)).toBeGreaterThan(0.9);
    expect(robot?.attributes['lk.agent.state']).toBe('listening');
  });

  it('tells the page what happens, and the operator the same', async () => {
    const { caller, room } = await call('echo');
    await converse(caller);
    const turn = await node.waitForLog((line) => line.msg === 'turn' && line['room'] === room, LIMIT_MS);
    const types = new Set(caller.events.map(({ type }) => type));
    expect([...types].sort()).toEqual(['call', 'reply_ended', 'reply_started', 'speech_ended', 'speech_started', 'turn', 'vad']);
    const marks = turn['marksMs'] as Record<string, number>;
    const inOrder = ['t1', 't2', 't3', 't4', 't5', 't6'].map((name) => marks[name] as number);
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    expect(caller.events.find(({ type }) => type === 'turn')).toMatchObject({ end: 'answered', marksMs: marks });
  });

  it('keeps calls apart', async () => {
    const [one, two] = await Promise.all([call('tone'), call('echo')]);
    const [tone, echo] = await Promise.all([converse(one.caller), converse(two.caller)]);
    expect(likeness(words, echo).waveform).toBeGreaterThan(0.5);
    expect(purity(tone.slice(30_000, 50_000), 700)).toBeGreaterThan(0.9);
    expect(purity(echo, 700)).toBeLessThan(0.1);
  });

  it('ends when the caller has left, and the metrics tell of all of it', async () => {
    const { caller, room } = await call('echo');
    await converse(caller);
    const from = node.log.length;
    callers = [];
    await caller.leave();
    await node.waitForLog((line) => line.msg === 'caller left' && line['room'] === room, LIMIT_MS, from);
    const ended = await node.waitForLog((line) => line.msg === 'call ends' && line['room'] === room, 40_000, from);
    expect(ended['end']).toBe('caller_left');
    const metrics = await node.metrics();
    const value = (series: string): number => Number(new RegExp(`^${series.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(metrics)?.[1]);
    expect(value('voice_node_calls_total{end="caller_left"}')).toBeGreaterThanOrEqual(1);
    expect(value('voice_node_turn_stage_seconds_count{stage="response"}')).toBeGreaterThanOrEqual(4);
    expect(value('voice_node_barge_in_stop_seconds_count')).toBeGreaterThanOrEqual(2);
    expect(value('voice_node_frames_total{direction="in"}')).toBeGreaterThan(500);
    expect(value('voice_node_frames_total{direction="out"}')).toBeGreaterThan(1000);
    const [sum, count] = [value('voice_node_frame_seconds_sum'), value('voice_node_frame_seconds_count')];
    expect(sum / count).toBeGreaterThan(0.000_005);
    expect(sum / count).toBeLessThan(0.02);
  });
});
