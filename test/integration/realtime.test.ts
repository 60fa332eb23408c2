import { afterAll, beforeAll, expect, it } from 'vitest';
import { Caller } from '../../bench/rig/caller.js';
import { startBenchLiveKit, type BenchLiveKit } from '../../bench/rig/livekit.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { trimmed, voice } from '../../bench/rig/voices.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { FakeRealtime } from '../support/fakes/realtime.js';
import { serveRealtime, type RealtimeServer } from '../support/fakes/realtime-server.js';

const LIMIT_MS = 30_000;
const LOUD = 800;

let liveKit: BenchLiveKit;
let server: RealtimeServer;
let node: NodeProcess;

beforeAll(async () => {
  liveKit = await startBenchLiveKit();
  server = await serveRealtime(new FakeRealtime(systemClock));
  node = await NodeProcess.start(liveKit, { OPENAI_API_KEY: 'key-of-the-fake', OPENAI_BASE_URL: `http://127.0.0.1:${server.port}/v1` });
}, 60_000);

afterAll(async () => {
  await node.stop();
  await server.close();
  await liveKit.stop();
});

it('robots/consultant greets its caller and answers him, speech to speech', async () => {
  const session = await node.createSession('consultant');
  const caller = new Caller();
  const joinedMs = performance.now();
  await caller.join(session.url, session.token);
  const greeting = await caller.heard.sound(joinedMs, LIMIT_MS, LOUD);
  const silence = await caller.heard.silence(greeting.atMs, 1000, LIMIT_MS);
  expect(silence).toBeDefined();
  const from = node.log.length;
  await caller.say(trimmed(voice('Front_Center')));
  const turn = await node.waitForLog((line) => line.msg === 'turn', LIMIT_MS, from);
  expect(turn['end']).toBe('answered');
  await caller.leave();
}, 120_000);
