import fc from 'fast-check';
import { Stream } from 'openai/core/streaming';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../../voice-node/providers/http/sse.js';

const OPTIONS = { vendor: 'local', what: 'an answer' } as const;

/** Cut at these places, in any order, some of them twice. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i++) yield bytes.subarray(at[i - 1], at[i]);
}

async function ours(bytes: Uint8Array, places: readonly number[] = []) {
  const events = [];
  for await (const event of readEvents(cut(bytes, places), OPTIONS)) events.push(event);
  return events;
}

/** The reader of the openai package. */
async function theirs(bytes: Uint8Array): Promise<unknown[]> {
  const all = [];
  for await (const data of Stream.fromSSEResponse<unknown>(new Response(bytes as Uint8Array<ArrayBuffer>), new AbortController())) all.push(data);
  return all;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('server-sent events', () => {
  const event = fc.record({
    comment: fc.option(fc.constantFrom(': keep-alive', ':', 'id: 7', 'retry: 10', 'event: message'), { nil: undefined }),
    data: fc.string({ unit: 'grapheme', maxLength: 40 }),
    space: fc.constantFrom('', ' '),
  });

  it('are read as by the openai package, however they are cut and however their lines end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(), { maxLength: 30 }), async (events, eol, places) => {
        const text = events.map(({ comment, data, space }) => [comment, `data:${space}${JSON.stringify({ data })}`, '', ''].filter((line) => line !== undefined).join(eol)).join('');
        const bytes = utf8(text);
        const read = await ours(bytes, places);
        expect(read.map(({ data }) => JSON.parse(data) as unknown)).toEqual(events.map(({ data }) => ({ data })));
        expect(await theirs(bytes)).toEqual(events.map(({ data }) => ({ data })));
      }),
      { numRuns: 300 },
    );
  });

  it('come one byte at a time, each as soon as its empty line is there', async () => {
    const bytes = utf8('event: a\r\ndata: раз\r\n\r\ndata: two\ndata:  lines\n\n');
    const seen: [number, string][] = [];
    let sent = 0;
    const slowly = (async function* () {
      for (const byte of bytes) {
        sent++;
        yield Uint8Array.of(byte);
      }
    })();
    for await (const { event: name, data } of readEvents(slowly, OPTIONS)) seen.push([sent, `${name}|${data}`]);
    // At the CR of the empty line: whether an LF follows changes nothing.
    expect(seen).toEqual([
      [utf8('event: a\r\ndata: раз\r\n\r').length, 'a|раз'],
      [bytes.length, '|two\n lines'],
    ]);
  });

  it('that were not ended are dropped, and lone comments are none', async () => {
    expect(await ours(utf8(': hello\n\n: hello\n\ndata: {"a":1}\n'))).toEqual([]);
  });

  it('that are no UTF-8 are refused: in the middle and at the end', async () => {
    for (const bytes of [Uint8Array.of(0x64, 0xff, 0x0a), Uint8Array.of(...utf8('data: '), 0xd0)]) {
      await expect(ours(bytes)).rejects.toMatchObject({ code: 'provider_protocol' });
    }
  });

  it('without end are refused before they fill the memory', async () => {
    let sent = 0;
    const endless = (piece: string) =>
      (async function* () {
        while (true) {
          sent += piece.length;
          yield utf8(piece);
        }
      })();
    for (const piece of ['x'.repeat(1000), `data: ${'x'.repeat(1000)}\n`]) {
      sent = 0;
      const reading = (async () => {
        for await (const _ of readEvents(endless(piece), OPTIONS));
      })();
      await expect(reading).rejects.toMatchObject({ code: 'provider_protocol' });
      expect(sent).toBeLessThan(1_100_000);
    }
  });
});
