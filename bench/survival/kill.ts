import type { NodeView } from '../../voice-node/domain/operations.js';
import { Crowd } from '../rig/crowd.js';
import type { BenchLiveKit } from '../rig/livekit.js';
import { balances, nodeView, sum, until, wait } from '../rig/operator.js';
import { fixed, summarize } from '../rig/statistics.js';
import { startToneNode } from './tone-node.js';

const SHARDS = ['1', '2'];
/** In each shard when one of them is killed. */
const CALLS = 3;
const LIMIT_MS = 20_000;
/** Nothing of a sound that began before the kill may be taken for the first one after it. */
const QUIET_MS = 100;

export interface KillFigures {
  readonly kills: number;
  /** From the kill to the first sound that the caller hears of his robot again. */
  readonly backMs: readonly number[];
  /** Calls that did not speak again within 20 s. */
  readonly lost: number;
  /** Gaps over 40 ms at the callers of the other shard. */
  readonly siblingGapsMs: readonly number[];
  readonly siblingSounds: number;
  readonly mostRobots: number;
  readonly balanced: boolean;
  readonly ended: Readonly<Record<string, number>>;
}

interface Member {
  readonly caller: number;
  readonly room: string;
}

/** kill -9 of one of two shards, again and again; the callers of the other one listen to a tone all the while. */
export async function killShards(liveKit: BenchLiveKit, kills: number): Promise<KillFigures> {
  const node = await startToneNode(liveKit, { ADMISSION: 'count' });
  const crowd = new Crowd();
  const members: Member[] = [];
  let next = 0;
  const backMs: number[] = [];
  const siblingGapsMs: number[] = [];
  let [lost, siblingSounds, mostRobots] = [0, 0, 0];

  const leave = async (member: Member): Promise<void> => {
    mostRobots = Math.max(mostRobots, (await crowd.report(member.caller)).mostRobots);
    members.splice(members.indexOf(member), 1);
    await crowd.leave(member.caller);
  };
  const of = (view: NodeView, shard: string): Member[] => members.filter(({ room }) => view.calls.some((call) => call.room === room && call.shard === shard));
  /** All calls of a dead shard are in the other one: some hang up, and new ones come into the one that is new. */
  const even = async (): Promise<NodeView> => {
    let view = await until(node, 'both shards are up and all calls listen', LIMIT_MS, allIsWell(members));
    for (const shard of SHARDS) for (const member of of(view, shard).slice(CALLS)) await leave(member);
    while (members.length < CALLS * SHARDS.length) {
      const session = await node.createSession('tone');
      members.push({ caller: next, room: session.room });
      await crowd.join(next++, session);
    }
    view = await until(node, 'all calls listen', LIMIT_MS, allIsWell(members));
    return view;
  };

  try {
    for (let kill = 0; kill < kills; kill++) {
      const before = await even();
      const victim = before.shards[kill % SHARDS.length];
      if (victim?.pid === undefined) throw new Error('there is no shard to kill');
      const victims = of(before, victim.name);
      const siblings = members.filter((member) => !victims.includes(member));
      for (const { caller } of siblings) await crowd.speak(caller, 4000, 0);
      // In the middle of the siblings' tones, or before, or after.
      await wait(1500 + ((kill * 211) % 2000));
      const earlier = new Map(await Promise.all(members.map(async ({ caller }) => [caller, await crowd.report(caller)] as const)));
      const killedMs = Date.now();
      process.kill(victim.pid, 'SIGKILL');
      for (const { caller } of victims) {
        const beganMs = await spokeAgain(crowd, caller, killedMs);
        if (beganMs === undefined) lost++;
        else backMs.push(beganMs - killedMs);
      }
      for (const { caller } of siblings) {
        await crowd.hush(caller);
        const [was, is] = [earlier.get(caller), await crowd.report(caller)];
        siblingGapsMs.push(...is.gapsMs.slice(was?.gapsMs.length));
        siblingSounds += is.sounds - (was?.sounds ?? 0);
      }
      if ((kill + 1) % 10 === 0) console.log(`${kill + 1} kills: back after ${fixed(summarize(backMs).median, 0)} ms, p99 ${fixed(summarize(backMs).p99, 0)}, lost ${lost}, gaps at siblings ${siblingGapsMs.length}`);
    }
    for (const member of [...members]) await leave(member);
    await until(node, 'all calls have ended', LIMIT_MS, ({ live }) => live === 0);
    const view = await nodeView(node);
    return { kills, backMs, lost, siblingGapsMs, siblingSounds, mostRobots, balanced: balances(view) && sum(view.ended) === next, ended: view.ended };
  } finally {
    crowd.stop();
    await node.stop();
  }
}

const allIsWell = (members: readonly Member[]) => (view: NodeView): boolean =>
  view.shards.every(({ state }) => state === 'ready') && members.every(({ room }) => view.calls.some((call) => call.room === room && call.phase === 'listening'));

async function spokeAgain(crowd: Crowd, caller: number, fromMs: number): Promise<number | undefined> {
  while (Date.now() - fromMs < LIMIT_MS) {
    const again = (await crowd.report(caller)).begunMs.find((atMs) => atMs >= fromMs + QUIET_MS);
    if (again !== undefined) return again;
    await wait(50);
  }
  return undefined;
}
