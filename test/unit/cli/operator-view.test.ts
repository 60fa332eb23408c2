import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columns } from '../../../voice-node/cli/operator-columns.js';
import { duration, idLength, renderNode } from '../../../voice-node/cli/operator-view.js';
import { FakeOperations, liveCall, shardView } from '../../support/fake-operations.js';

const HOSTILE = 'a\x1b[2J\x1b]0;title\x07\r\nroom\u202e\u2028b';

describe('the picture of a node', () => {
  it('says all an operator asks for first', () => {
    const calls = [liveCall(), liveCall({ callId: 'call-zyxwvutsrqpo', phase: 'speaking', shard: '2', ageMs: 3_723_000, rejoins: 1, room: 'hotel' })];
    const picture = renderNode(new FakeOperations(calls, [shardView(), shardView({ name: '2', restarts: 3, state: 'starting' })]).view(), 100).join('\n');
    for (const part of [/^node-1 {3}ready {3}load 37 % {3}2 of 48 calls {3}offered 16$/m, /^ended {5}caller_left 12$/m, /^refused {3}full 2$/m, /^2 .*starting.* 3$/m, /0\.12 +3\.4 ms +31 % +42 % +181 MB +0$/m]) expect(picture).toMatch(part);
    // The oldest call first.
    expect(picture).toMatch(/call-zyxwvu +echo +speaking +1:02:03 +3 +412 +118 +2 +1 +2 +hotel\ncall-012345 +echo +listening +1:35 /);
  });

  it('says why the node takes no calls, or that it drains', () => {
    expect(renderNode(new FakeOperations([], [], { ready: false, reason: 'full' }).view(), 100)[0]).toContain('not ready (full)');
    expect(renderNode(new FakeOperations([], [], { draining: true, ready: false, reason: 'draining' }).view(), 100)[0]).toContain('   draining   ');
    expect(renderNode(new FakeOperations([], []).view(), 100).slice(-3)).toEqual(['no shards', '', 'no calls']);
  });

  it('fits 100 columns and moves no cursor, whatever rooms and robots are called and however much there is', () => {
    const text = fc.oneof(fc.string({ maxLength: 80 }), fc.constant(HOSTILE));
    const call = fc.record({ callId: fc.string({ minLength: 1, maxLength: 40 }), room: text, robot: text, phase: text, shard: fc.string({ maxLength: 3 }), turns: fc.nat(99_999), responseMs: fc.nat(60_000), bargeInMs: fc.nat(9999), lateTicks: fc.nat(9999), rejoins: fc.nat(999), ageMs: fc.nat(86_400_000) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
        const operations = new FakeOperations(calls.map((each) => liveCall(each)), Array.from({ length: 64 }, (_, i) => shardView({ name: String(i + 1), pid: 4_194_304, restarts: 9999, residentBytes: 64e9, loopP99Ms: 9999.9, lateShare: 1, utilisation: 1, cpu: 9.99 })));
        for (const line of renderNode(operations.view(), 100)) {
          expect(line.length).toBeLessThanOrEqual(100);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        }
      }),
    );
  });

  it('wraps the books where everything has happened', () => {
    const everything = Object.fromEntries(['caller_left', 'no_caller', 'no_media', 'idle', 'too_long', 'robot_ended', 'room_closed', 'superseded', 'lost', 'failed', 'shutdown', 'hung_up', 'crashed'].map((end, i) => [end, 10_000 * (i + 1)]));
    const lines = renderNode(new FakeOperations([], [], { ended: everything as never }).view(), 100);
    expect(lines.slice(1, 3).join(' ')).toContain('crashed 130000');
    expect(lines.join(' ').match(/ \d+0000/g)).toHaveLength(13);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });
});

it('shows enough of the ids to tell them apart', () => {
  expect(idLength([])).toBe(11);
  expect(idLength(['call-0123456789', 'call-abcdefghij'])).toBe(11);
  expect(idLength(['call-0123456789', 'call-0123456799', 'call-x'])).toBe(14);
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 12, maxLength: 20 }), { maxLength: 20 }), (ids) => {
      const length = idLength(ids);
      expect(new Set(ids.map((id) => id.slice(0, length))).size).toBe(ids.length);
    }),
  );
});

it('writes durations as people read them', () => {
  expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 90_061_000, -5].map(duration)).toEqual(['0 s', '59 s', '1:00', '59:59', '1:00:00', '25:01:01', '0 s']);
});

it('cuts the last column where the lines would be too wide', () => {
  const table = [{ title: 'a', of: (row: string) => row, max: 3 }, { title: 'b', of: (row: string) => row }];
  expect(columns(table, ['abcdefghij'], 12)).toEqual(['a    b', 'ab…  abcdef…']);
});
