import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParticipantInfo_Kind } from '@livekit/protocol';
import { RoomServiceClient } from 'livekit-server-sdk';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { ADMIN_TOKEN } from '../../bench/rig/operator.js';
import { processTree } from '../../bench/rig/process-tree.js';
import { startLiveKit, type TestLiveKit } from './livekit-server.js';
import { Talk, type Session } from './talk.js';

/** Whether there is such a process; one that has ended and nobody has asked after has no command line any more (proc(5)). */
export function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

/** A LiveKit server, nodes on it and callers of theirs: all that one file of tests has running, and nothing of it stays. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'voice-node-stage-'));
  readonly liveKit: TestLiveKit;
  readonly rooms: RoomServiceClient;
  readonly #nodes = new Set<NodeProcess>();
  readonly #pids = new Set<number>();
  readonly #talks: Talk[] = [];

  private constructor(liveKit: TestLiveKit) {
    this.liveKit = liveKit;
    this.rooms = new RoomServiceClient(liveKit.httpUrl, liveKit.apiKey, liveKit.apiSecret);
  }

  static async open(): Promise<Stage> {
    return new Stage(await startLiveKit());
  }

  /** A machine that has much to do refuses nobody here. */
  async node(environment: Record<string, string> = {}): Promise<NodeProcess> {
    const node = await NodeProcess.start(this.liveKit, { ADMISSION: 'count', CACHE_DIR: this.folder, ADMIN_TOKEN, ...environment });
    this.#nodes.add(node);
    this.pidsOf(node);
    return node;
  }

  async talk(node: NodeProcess, robot = 'echo'): Promise<Talk> {
    return this.join(await node.createSession(robot));
  }

  async join(session: Session): Promise<Talk> {
    const talk = await Talk.join(session);
    this.#talks.push(talk);
    return talk;
  }

  /** All processes of a node. */
  pidsOf(node: NodeProcess): readonly number[] {
    const pids = processTree(node.pid).filter(runs);
    for (const pid of pids) this.#pids.add(pid);
    return pids;
  }

  /** Every process of a node at once, as a machine that loses its power does. */
  async kill(node: NodeProcess): Promise<void> {
    for (const pid of this.pidsOf(node)) process.kill(pid, 'SIGKILL');
    await node.ended(5000);
  }

  /** Who is in a room: nobody where there is no such room. */
  async people(room: string): Promise<{ readonly robots: readonly string[]; readonly callers: number }> {
    const all = await this.rooms.listParticipants(room).catch(() => []);
    const robots = all.filter(({ kind }) => kind === ParticipantInfo_Kind.AGENT);
    return { robots: robots.map(({ identity }) => identity), callers: all.length - robots.length };
  }

  async hangUpAll(): Promise<void> {
    await Promise.all(this.#talks.splice(0).map((talk) => talk.leave()));
  }

  /** Ends nodes without ceremony: what their end has to look like is for the tests that are about it. */
  async endNodes(): Promise<void> {
    for (const node of this.#nodes) if (!node.hasExited) await this.kill(node);
    // Shards outlive a main process that was killed alone.
    for (const pid of this.#pids) if (runs(pid)) process.kill(pid, 'SIGKILL');
    this.#nodes.clear();
    this.#pids.clear();
  }

  async close(): Promise<void> {
    await this.hangUpAll();
    await this.endNodes();
    await this.liveKit.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
