import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord, Journal } from '../../../voice-node/domain/journal.js';
import { wallMs } from '../../../voice-node/domain/time.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { FileJournal } from '../../../voice-node/stores/journal-file.js';
import { JournalShelf, MemoryJournal } from '../../../voice-node/stores/journal-memory.js';
import { RedisJournal } from '../../../voice-node/stores/journal-redis.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { MemoryLog } from '../call/rig.js';

/** Somewhere that nodes keep records, empty in the beginning, with a time of its own. */
export interface Place {
  readonly log: MemoryLog;
  node(name: string): Journal;
  advance(ms: number): Promise<void>;
  end(): Promise<void>;
}

export interface Rig {
  readonly name: string;
  /** How many random stories it is told; real disks and servers are slower. */
  readonly runs: number;
  start(): Promise<void>;
  place(): Place;
  stop(): Promise<void>;
}

export const record = (callId: string, changes: Partial<CallRecord> = {}): CallRecord => ({
  callId,
  room: `room of ${callId}`,
  metadata: '{"robot":"shop"}',
  identity: `robot-${callId}-1`,
  acceptedMs: wallMs(1_700_000_000_000),
  said: [{ by: 'caller', text: 'Привет' }, { by: 'robot', text: 'Hello "you"' }],
  ...changes,
});

/** Whose nodes are all closed at the end. */
function places(make: (log: MemoryLog) => { node(name: string): Journal; advance(ms: number): Promise<void>; end?(): void }): () => Place {
  return () => {
    const log = new MemoryLog();
    const made = make(log);
    const nodes: Journal[] = [];
    return {
      log,
      node: (name) => {
        const node = made.node(name);
        nodes.push(node);
        return node;
      },
      advance: (ms) => made.advance(ms),
      async end() {
        await Promise.all(nodes.map((node) => node.close()));
        made.end?.();
      },
    };
  };
}

const later = (clock: VirtualClock, ms: number): Promise<void> => clock.advanceTo(clock.nowMs() + ms);
const nothing = (): Promise<void> => Promise.resolve();

const memory: Rig = {
  name: 'memory',
  runs: 300,
  start: nothing,
  stop: nothing,
  place: places(() => {
    const [clock, shelf] = [new VirtualClock(1_700_000_000_000), new JournalShelf()];
    return { node: (name) => new MemoryJournal(shelf, name, clock), advance: (ms) => later(clock, ms) };
  }),
};

const file: Rig = {
  name: 'file',
  runs: 30,
  start: nothing,
  stop: nothing,
  place: places((log) => {
    const clock = new VirtualClock(1_700_000_000_000);
    const folder = mkdtempSync(join(tmpdir(), 'voice-node-journal-'));
    return {
      node: (name) => new FileJournal(join(folder, 'journal'), name, clock, log),
      advance: (ms) => later(clock, ms),
      end: () => rmSync(folder, { recursive: true, force: true }),
    };
  }),
};

let server: TestRedis;
let count = 0;
/** Real leases of a real server, made older. */
const AGE = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key) - ARGV[2]
  if left > 0 then redis.call('PEXPIRE', key, left) else redis.call('DEL', key) end
end`;

const redis: Rig = {
  name: 'redis',
  runs: 60,
  start: async () => void (server = await startRedis()),
  stop: () => server.stop(),
  place: places((log) => {
    const prefix = `test-${count++}`;
    return {
      node: (name) => new RedisJournal({ url: server.url, prefix, nodeId: name, clock: systemClock, log }),
      advance: async (ms) => void (await server.command('EVAL', AGE, '0', `{${prefix}}:lease:*`, String(ms))),
    };
  }),
};

export const RIGS: readonly Rig[] = [memory, file, redis];
