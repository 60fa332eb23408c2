import { Crowd } from '../rig/crowd.js';
import type { BenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, balances, sum, until, wait } from '../rig/operator.js';
import { fixed, summarize } from '../rig/statistics.js';

const CALLS = 6;
const LIMIT_MS = 20_000;

export interface KillFigures {
  readonly kills: number;
  /** From the kill to the first sound that the caller hears of his robot again. */
  readonly backMs: readonly number[];
  /** Calls that did not speak again within 20 s. */
  readonly lost: number;
  /** Gaps over 40 ms and concealed samples at the callers of the other shard. */
  readonly siblingGapsMs: readonly number[];
  readonly siblingConcealedShare: number;
  readonly mostRobots: number;
  readonly balanced: boolean;
  readonly ended: Readonly<Record<string, number>>;
}

/** kill -9 of one of two shards, again and again; the callers of the other one listen to a tone all the while. */
export async function killShards(liveKit: BenchLiveKit, kills: number): Promise<KillFigures> {
  const node = await NodeProcess.start(liveKit, { SHARDS: '2', ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ROBOT: 'tone' });
  const crowd = new Crowd();
  const backMs: number[] = [];
  let lost = 0;
  const siblingGapsMs: number[] = [];
  let concealed = 0;
  let heard = 0;
  let mostRobots = 0;
  try {
    const rooms: string[] = [];
    for (let call = 0; call < CALLS; call++) {
      const session = await node.createSession('tone');
      rooms.push(session.room);
      await crowd.join(call, session);
    }
    await until(node, 'all calls are listening', LIMIT_MS, ({ calls }) => calls.filter(({ phase }) => phase === 'listening').length === CALLS);
    for (let kill = 0; kill < kills; kill++) {
      const before = await until(node, 'both shards are up and all calls listen', LIMIT_MS, (view) => view.shards.every(({ state }) => state === 'ready') && view.calls.filter(({ phase }) => phase === 'listening').length === CALLS);
      const victim = mostLoaded(before.shards);
      const shardOf = (call: number): string | undefined => before.calls.find(({ room }) => room === rooms[call])?.shard;
      const siblings = [...Array(CALLS).keys()].filter((call) => shardOf(call) !== victim.name);
      const victims = [...Array(CALLS).keys()].filter((call) => shardOf(call) === victim.name);
      const siblingsBefore = await Promise.all(siblings.map((call) => crowd.report(call)));
      const victimsBefore = await Promise.all(victims.map((call) => crowd.report(call)));
      for (const call of siblings) await crowd.speak(call, 4000, 0);
      // In the middle of the siblings' tones, or before, or after.
      await wait(1500 + ((kill * 211) % 2000));
      const killedMs = Date.now();
      process.kill(victim.pid ?? -1, 'SIGKILL');
      for (const [i, call] of victims.entries()) {
        const soundsBefore = victimsBefore[i]?.sounds ?? 0;
        const beganMs = await spokeAgain(crowd, call, soundsBefore, killedMs);
        if (beganMs === undefined) lost++;
        else backMs.push(beganMs - killedMs);
      }
      for (const call of siblings) await crowd.hush(call);
      for (const [i, call] of siblings.entries()) {
        const report = await crowd.report(call);
        siblingGapsMs.push(...report.gapsMs.slice(siblingsBefore[i]?.gapsMs.length));
        concealed += report.concealedSamples - (siblingsBefore[i]?.concealedSamples ?? 0);
        heard += report.totalSamples - (siblingsBefore[i]?.totalSamples ?? 0);
      }
      if ((kill + 1) % 10 === 0) console.log(`${kill + 1} kills: back after ${fixed(summarize(backMs).median, 0)} ms, p99 ${fixed(summarize(backMs).p99, 0)}, lost ${lost}, gaps at siblings ${siblingGapsMs.length}`);
    }
    for (let call = 0; call < CALLS; call++) mostRobots = Math.max(mostRobots, (await crowd.report(call)).mostRobots);
    for (let call = 0; call < CALLS; call++) await crowd.leave(call);
    const view = await until(node, 'all calls have ended', LIMIT_MS, ({ live }) => live === 0);
    return { kills, backMs, lost, siblingGapsMs, siblingConcealedShare: concealed / Math.max(1, heard), mostRobots, balanced: balances(view) && sum(view.ended) === CALLS, ended: view.ended };
  } finally {
    crowd.stop();
    await node.stop();
  }
}

function mostLoaded<S extends { readonly calls: number }>(shards: readonly S[]): S {
  return shards.reduce((most, each) => (each.calls > most.calls ? each : most));
}

async function spokeAgain(crowd: Crowd, call: number, sounds: number, fromMs: number): Promise<number | undefined> {
  while (Date.now() - fromMs < LIMIT_MS) {
    const report = await crowd.report(call);
    const again = report.begunMs.slice(sounds).find((atMs) => atMs >= fromMs);
    if (again !== undefined) return again;
    await wait(50);
  }
  return undefined;
}

