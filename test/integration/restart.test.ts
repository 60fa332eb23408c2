import { afterAll, beforeAll, expect, it } from 'vitest';
import { Caller } from '../../bench/rig/caller.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { trimmed, voice } from '../../bench/rig/voices.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';

const LIMIT_MS = 20_000;
/** The promise to operators: back and taking calls within 5 s of the server's port opening. */
const BACK_LIMIT_MS = 5000;
const words = trimmed(voice('Front_Center'));

let liveKit: TestLiveKit;
let node: NodeProcess;
beforeAll(async () => {
  liveKit = await startLiveKit();
  node = await NodeProcess.start(liveKit);
});
afterAll(async () => {
  await node.stop();
  await liveKit.stop();
});

async function answeredCall(): Promise<Caller> {
  const session = await node.createSession('echo');
  const caller = new Caller();
  await caller.join(session.url, session.token);
  const beganMs = await caller.say(words);
  await caller.heard.sound(beganMs + words.length / 48, LIMIT_MS, 1500);
  return caller;
}

it('outlives the server: calls are lost one by one, new ones come within seconds', async () => {
  const before = [await answeredCall(), await answeredCall()];
  liveKit.kill();
  await node.waitForLog(({ msg }) => msg === 'not registered; trying again', LIMIT_MS);
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${node.url}/readyz`)).status).toBe(503);
  const refused = await fetch(`${node.url}/api/session/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  expect(refused.status).toBe(503);

  const from = node.log.length;
  await liveKit.restart();
  const backBy = Date.now() + BACK_LIMIT_MS;
  await node.waitForLog(({ msg }) => msg === 'registered with the LiveKit server', BACK_LIMIT_MS, from);
  expect(Date.now()).toBeLessThanOrEqual(backBy);
  const after = await answeredCall();

  expect(node.hasExited).toBe(false);
  expect(node.log.filter(({ msg }) => String(msg).includes('a bug'))).toEqual([]);
  expect(node.complaints).toEqual([]);
  for (const caller of [...before, after]) await caller.leave();
});
