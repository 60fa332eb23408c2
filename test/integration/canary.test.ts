import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Caller } from '../../bench/rig/caller.js';
import { startInstantProviders, type InstantProviders } from '../../bench/rig/instant-providers.js';
import { startBenchLiveKit, type BenchLiveKit } from '../../bench/rig/livekit.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { trimmed, voice } from '../../bench/rig/voices.js';

const LIMIT_MS = 30_000;
/** What must never be read in the log at its default level; the rig's recogniser always hears the same words. */
const KEY = 'sk-canary-0123456789abcdef';
const PROMPT = 'canary-prompt: you are a parrot';
const HEARD = 'opening hours';
const ANSWER = 'canaries sing at dawn';

let folder: string;
let liveKit: BenchLiveKit;
let providers: InstantProviders;
let node: NodeProcess;

function robot(name: string, llm: object): void {
  const path = join(folder, name);
  mkdirSync(path);
  const server = { provider: 'local', base_url: providers.url };
  writeFileSync(join(path, 'config.json'), JSON.stringify({ mode: 'pipeline', stt: server, llm: { ...server, ...llm }, tts: { ...server, voice: 'tone' } }));
  writeFileSync(join(path, 'prompt.txt'), PROMPT);
  writeFileSync(join(path, '.env'), `LOCAL_API_KEY=${KEY}\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'voice-node-canary-'));
  liveKit = await startBenchLiveKit();
  providers = await startInstantProviders({ good: { firstTokenMs: 0, tokensPerSecond: 0, text: `${ANSWER}. ` } });
  robot('good', { model: 'good' });
  robot('failing', { model: 'no-such-model' });
  node = await NodeProcess.start(liveKit, { ROBOTS_DIR: folder, ROBOT: 'good', CACHE_DIR: join(folder, 'cache') });
}, 60_000);

afterAll(async () => {
  await node.stop();
  await providers.stop();
  await liveKit.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('logs neither key nor prompt nor words, of an answer or of a failure, while the page is told the words', async () => {
  for (const name of ['good', 'failing']) {
    const session = await node.createSession(name);
    const caller = new Caller();
    await caller.join(session.url, session.token);
    const words = trimmed(voice('Front_Center'));
    const from = node.log.length;
    await caller.say(words);
    const turn = await node.waitForLog((line) => line.msg === 'turn', LIMIT_MS, from);
    expect(turn['end']).toBe(name === 'good' ? 'answered' : 'failed');
    if (name === 'failing') expect(turn['error']).toMatch(/^provider_/);
    await caller.leave();
    expect(JSON.stringify(caller.events)).toContain(HEARD);
  }
  const log = JSON.stringify(node.log) + node.complaints.join('\n');
  for (const canary of [KEY, 'canary-prompt', HEARD, ANSWER]) expect(log).not.toContain(canary);
  const metrics = await (await fetch(`${node.url}/metrics`)).text();
  // The answer, and the phrases that each shard has synthesised ahead by then.
  expect(metrics).toMatch(/voice_node_provider_first_result_seconds_count\{kind="tts",vendor="local"\} [1-9]/);
  expect(metrics).toMatch(/voice_node_provider_first_result_seconds_count\{kind="llm",vendor="local"\} 1$/m);
  expect(metrics).toMatch(/voice_node_provider_usage_total\{vendor="local",unit="characters"\} \d+/);
  for (const canary of [KEY, 'canary-prompt', HEARD, ANSWER]) expect(metrics).not.toContain(canary);
}, 120_000);
