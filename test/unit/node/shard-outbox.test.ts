import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FromShard } from '../../../voice-node/node/shard-messages.js';
import { ShardOutbox } from '../../../voice-node/node/shard-outbox.js';
import { vitalsOf } from './told.js';

/** A channel that holds `capacity` messages until it is read. */
class Pipe {
  readonly read: FromShard[] = [];
  readonly #held: { readonly message: FromShard; readonly done: () => void }[] = [];
  readonly #capacity: number;
  most = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  send = (message: FromShard, done: () => void): boolean => {
    this.#held.push({ message, done });
    this.most = Math.max(this.most, this.#held.length);
    return this.#held.length < this.#capacity;
  };

  drain(count: number): void {
    for (const { message, done } of this.#held.splice(0, count)) {
      this.read.push(message);
      done();
    }
  }
}

const VITALS: FromShard = { type: 'vitals', vitals: { ...vitalsOf(), calls: [] } };
const said = (callId: string, text: string): FromShard => ({ type: 'said', callId, said: { by: 'caller', text } });

describe('what a shard has to tell', () => {
  it('goes at once while main reads', () => {
    const pipe = new Pipe(100);
    const outbox = new ShardOutbox(pipe.send);
    outbox.post({ type: 'ready' });
    outbox.post(VITALS);
    pipe.drain(9);
    expect(pipe.read.map(({ type }) => type)).toEqual(['ready', 'vitals']);
    expect(outbox.dropped).toBe(0);
  });

  it('keeps, while main does not read, every end, the last identity, the newest words in order, and no vitals', () => {
    const step = fc.record({ type: fc.constantFrom('vitals', 'said', 'identity', 'ended', 'read'), call: fc.nat(3), count: fc.nat(6) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, capacity) => {
        const pipe = new Pipe(capacity);
        const outbox = new ShardOutbox(pipe.send);
        const ended: string[] = [];
        const words: string[] = [];
        const identities = new Map<string, string>();
        steps.forEach(({ type, call, count }, at) => {
          const callId = `call-${call}`;
          if (type === 'read') pipe.drain(count);
          if (type === 'vitals') outbox.post(VITALS);
          if (type === 'said') {
            words.push(`${at}`);
            outbox.post(said(callId, `${at}`));
          }
          if (type === 'identity') {
            identities.set(callId, `${at}`);
            outbox.post({ type: 'identity', callId, identity: `${at}` });
          }
          if (type === 'ended') {
            ended.push(`${at}`);
            outbox.post({ type: 'ended', callId: `${at}`, end: 'idle' });
          }
        });
        // Not more is handed over than the pipe takes, and one.
        expect(pipe.most).toBeLessThanOrEqual(capacity);
        pipe.drain(Infinity);
        for (let round = 0; round < 500; round++) pipe.drain(Infinity);
        const texts = pipe.read.flatMap((each) => (each.type === 'said' ? [each.said.text] : []));
        expect(texts).toEqual(words);
        expect(pipe.read.flatMap((each) => (each.type === 'ended' ? [each.callId] : []))).toEqual(ended);
        for (const [callId, identity] of identities) {
          expect(pipe.read.flatMap((each) => (each.type === 'identity' && each.callId === callId ? [each.identity] : [])).at(-1)).toBe(identity);
        }
        expect(outbox.dropped + pipe.read.length).toBe(steps.filter(({ type }) => type !== 'read').length);
      }),
    );
  });

  it('is bounded, however long main does not read', () => {
    const pipe = new Pipe(1);
    const outbox = new ShardOutbox(pipe.send);
    for (let at = 0; at < 5000; at++) {
      outbox.post(VITALS);
      outbox.post(said('a', `${at}`));
      outbox.post({ type: 'identity', callId: 'a', identity: `${at}` });
    }
    expect(pipe.most).toBe(1);
    for (let round = 0; round < 2000; round++) pipe.drain(1);
    const texts = pipe.read.flatMap((each) => (each.type === 'said' ? [Number(each.said.text)] : []));
    expect(texts).toEqual(Array.from({ length: 1000 }, (_, index) => 4000 + index));
    expect(pipe.read.filter(({ type }) => type === 'identity')).toEqual([{ type: 'identity', callId: 'a', identity: '4999' }]);
    expect(pipe.read.filter(({ type }) => type === 'vitals').length).toBe(1);
    expect(outbox.dropped).toBe(15_000 - pipe.read.length);
  });

  it('has gone once it is flushed', async () => {
    const pipe = new Pipe(1);
    const outbox = new ShardOutbox(pipe.send);
    await outbox.flush();
    outbox.post({ type: 'ended', callId: 'a', end: 'idle' });
    outbox.post({ type: 'ended', callId: 'b', end: 'idle' });
    let flushed = false;
    const flush = outbox.flush().then(() => (flushed = true));
    pipe.drain(1);
    await Promise.resolve();
    expect(flushed).toBe(false);
    pipe.drain(1);
    await flush;
    expect(pipe.read.length).toBe(2);
  });

  it('does not stick where the channel refuses and is done in the same breath', () => {
    const sent: FromShard[] = [];
    const outbox = new ShardOutbox((message, done) => {
      sent.push(message);
      done();
      return false;
    });
    for (let at = 0; at < 3; at++) outbox.post(said('a', `${at}`));
    expect(sent.length).toBe(3);
  });
});
