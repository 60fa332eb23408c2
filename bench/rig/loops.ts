import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Caller, callerToken } from './caller.js';
import type { LiveKitAddress, NodeProcess } from './node-process.js';
import { burst } from './tone-bursts.js';
import { trimmed, voice } from './voices.js';

const LIMIT_MS = 20_000;
const LOUD = 1500;
const BURST_MS = 200;

/** From one rtc-node participant to another, ms from the first audible packet handed over to its arrival. */
export async function oneWay(liveKit: LiveKitAddress, count: number): Promise<number[]> {
  const room = `one-way-${Date.now()}`;
  const speaker = new Caller();
  const listener = new Caller();
  try {
    await listener.join(liveKit.url, await callerToken(liveKit, 'listener', room), false);
    await speaker.join(liveKit.url, await callerToken(liveKit, 'speaker', room), false);
    await wait(1500);
    return await measure(speaker, listener, count);
  } finally {
    await speaker.leave();
    await listener.leave();
  }
}

/** Caller -> bare rtc-node echo in a process of its own -> caller. */
export async function bareLoop(liveKit: LiveKitAddress, queueMs: number, frameMs: number, count: number): Promise<number[]> {
  const room = `bare-${queueMs}-${frameMs}-${Date.now()}`;
  const script = fileURLToPath(new URL('./bare-echo.js', import.meta.url));
  const bot = fork(script, [liveKit.url, await callerToken(liveKit, 'bare-echo', room), String(queueMs), String(frameMs)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const caller = new Caller();
  try {
    await new Promise((resolve, reject) => {
      bot.once('message', resolve);
      bot.once('exit', () => reject(new Error('the bare echo has ended')));
    });
    await caller.join(liveKit.url, await callerToken(liveKit, 'caller', room));
    await wait(1500);
    return await measure(caller, caller, count);
  } finally {
    await caller.leave();
    bot.kill('SIGKILL');
  }
}

async function measure(speaker: Caller, listener: Caller, count: number): Promise<number[]> {
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    const sentMs = await speaker.say(burst(BURST_MS), 20);
    const { atMs } = await listener.heard.sound(sentMs, LIMIT_MS, LOUD);
    delays.push(atMs - sentMs);
    await wait(700 + 37 * (i % 5));
  }
  return delays;
}

export interface ToneTurn {
  /** From t2 on the node's clock to the first audible sample at the caller. */
  readonly t2ToEarMs: number;
  /** What the node says of it: t2 to t6. */
  readonly responseMs: number;
  /** From the last sample of the voice leaving the caller to the first audible sample of the answer. */
  readonly endToEarMs: number;
}

/** Speaks to the tone robot `count` times. Node and caller share the machine's wall clock. */
export async function toneTurns(node: NodeProcess, count: number): Promise<ToneTurn[]> {
  const session = await node.createSession('tone');
  const caller = new Caller();
  const words = trimmed(voice('Front_Center'));
  const turns: ToneTurn[] = [];
  try {
    await caller.join(session.url, session.token);
    const begins = await node.waitForLog((line) => line.msg === 'call begins' && line['room'] === session.room, LIMIT_MS);
    const bornMs = Date.parse(begins.time);
    for (let i = 0; i < count; i++) {
      const from = node.log.length;
      const beganMs = await caller.say(words);
      const endMs = beganMs + words.length / 48;
      const answer = await caller.heard.sound(endMs, LIMIT_MS, LOUD);
      const answerWallMs = performance.timeOrigin + answer.atMs;
      const turn = await node.waitForLog((line) => line.msg === 'turn', LIMIT_MS, from);
      const marks = turn['marksMs'] as { t2: number };
      turns.push({
        t2ToEarMs: answerWallMs - (bornMs + marks.t2),
        responseMs: (turn['stagesMs'] as { response: number }).response,
        endToEarMs: answer.atMs - endMs,
      });
      await caller.heard.silence(answer.atMs, 400 + 31 * (i % 7), LIMIT_MS);
    }
  } finally {
    await caller.leave();
  }
  return turns;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
