import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CALL_ENDS } from '../../../voice-node/domain/observer.js';
import { boundedSaid, MAX_SAID_CHARACTERS } from '../../../voice-node/domain/journal.js';
import { readFromShard, readToShard } from '../../../voice-node/node/shard-messages.js';

const name = fc.string({ minLength: 1, maxLength: 40 });
const end = fc.constantFrom(...CALL_ENDS);
const amount = fc.double({ min: 0, max: 1e12, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const said = fc.record({ by: fc.constantFrom('caller' as const, 'robot' as const), text: fc.string() });
const view = fc.record(
  { callId: name, room: name, robot: name, phase: name, turns: fc.nat(), responseMs: amount, slowestResponseMs: amount, bargeInMs: amount, lateTicks: fc.nat(), ticks: fc.nat(), rejoins: fc.nat() },
  { requiredKeys: ['callId', 'room', 'robot', 'phase', 'turns', 'lateTicks', 'ticks', 'rejoins'] },
);
const vitals = fc.record({ lateShare: share, loopP99Ms: amount, utilisation: share, cpu: amount, residentBytes: amount, calls: fc.array(view, { maxLength: 5 }) });
const request = fc.record(
  { callId: name, room: name, token: name, identity: name, metadata: fc.string(), acceptedMs: fc.nat(), past: fc.array(said, { maxLength: 5 }) },
  { requiredKeys: ['callId', 'room', 'token', 'identity', 'metadata', 'acceptedMs'] },
);
const of = <T extends string, R extends object>(type: T, rest: fc.Arbitrary<R>) => rest.map((each) => ({ type, ...each }));

const toShard = fc.oneof(
  of('begin', fc.record({ request })),
  of('hang_up', fc.record({ callId: name, end })),
  of('say_goodbye', fc.record({ callId: name })),
  of('metrics', fc.record({ id: fc.nat() })),
  of('stop', fc.constant({})),
);
const fromShard = fc.oneof(
  of('ready', fc.constant({})),
  of('vitals', fc.record({ vitals })),
  of('said', fc.record({ callId: name, said })),
  of('identity', fc.record({ callId: name, identity: name })),
  of('ended', fc.record({ callId: name, end })),
  of('metrics', fc.record({ id: fc.nat(), metrics: fc.array(fc.jsonValue(), { maxLength: 3 }) })),
  of('metrics_failed', fc.record({ id: fc.nat(), error: fc.string() })),
);
/** As the channel carries it. */
const carried = (message: unknown): unknown => JSON.parse(JSON.stringify(message));

describe('messages between main and a shard', () => {
  it.each([
    ['to', toShard, readToShard],
    ['from', fromShard, readFromShard],
  ] as const)('%s a shard arrive as they were sent', (_, messages, read) => {
    fc.assert(
      fc.property(messages as fc.Arbitrary<object>, (message) => {
        expect(read(carried(message))).toEqual({ message: carried(message) });
      }),
    );
  });

  it.each([
    ['to', toShard, readToShard],
    ['from', fromShard, readFromShard],
  ] as const)('%s a shard with one field gone or of another kind are not understood, and said so', (_, messages, read) => {
    const optional = new Set(['past', 'responseMs', 'slowestResponseMs', 'bargeInMs']);
    fc.assert(
      fc.property(messages as fc.Arbitrary<object>, fc.nat(), fc.boolean(), (message, which, gone) => {
        const broken = carried(message) as Record<string, unknown>;
        const fields: [Record<string, unknown>, string][] = [];
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const [key, value] of Object.entries(node)) {
            if (!Array.isArray(node)) fields.push([node as Record<string, unknown>, key]);
            if (key !== 'metrics') walk(value);
          }
        };
        walk(broken);
        const [holder, key] = fields[which % fields.length] as [Record<string, unknown>, string];
        if (gone && optional.has(key)) return;
        if (gone) delete holder[key];
        else holder[key] = { neither: 'this nor that' };
        expect(read(broken)).toEqual({ wrong: expect.any(String) as string });
      }),
    );
  });

  it('are never anything else, and never throw', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect(readToShard(anything)).toHaveProperty('wrong');
        expect(readFromShard(anything)).toHaveProperty('wrong');
      }),
    );
  });

  it('that are wrong are reported without what is in them', () => {
    const read = readToShard({ type: 'begin', request: { callId: 'a', token: ['secret-token'] } });
    expect(read).toEqual({ wrong: expect.stringMatching(/^begin: request\.room: /) as string });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  it('hold of what was said no more than a record keeps', () => {
    const long = boundedSaid({ by: 'robot', text: 'x'.repeat(MAX_SAID_CHARACTERS + 1) });
    expect(long.text.length).toBe(MAX_SAID_CHARACTERS);
    expect(readFromShard({ type: 'said', callId: 'a', said: long })).toHaveProperty('message');
  });
});
