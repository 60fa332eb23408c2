import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Audio } from '../../../../voice-node/domain/audio.js';
import { readAudioBody } from '../../../../voice-node/providers/http/audio-body.js';

/** An answer whose body comes in the pieces into which `places` cut it. */
function answer(bytes: Uint8Array, type: string | undefined, places: readonly number[] = []): Response {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const pieces = at.slice(1).map((end, i) => bytes.slice(at[i], end)).filter(({ length }) => length > 0);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = pieces.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
  return new Response(body, { headers: type === undefined ? {} : { 'content-type': type } });
}

async function read(response: Response, rateHz = 24_000): Promise<Audio[]> {
  const pieces = [];
  for await (const piece of readAudioBody(response, { vendor: 'local', rateHz, signal: new AbortController().signal })) pieces.push(piece);
  return pieces;
}

const all = (pieces: readonly Audio[]) => Int16Array.from(pieces.flatMap(({ samples }) => [...samples]));
const bytesOf = (samples: Int16Array) => new Uint8Array(samples.slice().buffer);
const ramp = (length: number) => Int16Array.from({ length }, (_, i) => ((i * 7919) % 65536) - 32768);

interface WavParts {
  readonly encoding?: number;
  readonly bits?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  /** Of the data, as the header gives it. */
  readonly size?: number;
  /** Chunks before the data. */
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

/** Put together by hand, with whatever a server may put in. */
function wav(samples: Int16Array, { encoding = 1, bits = 16, channels = 1, rateHz = 16_000, size, before = new Uint8Array(0), after = new Uint8Array(0) }: WavParts = {}): Uint8Array {
  const head = Buffer.alloc(36);
  head.write('RIFF', 0);
  head.writeUInt32LE(0xffff_ffff, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(encoding, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(rateHz * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(bits, 34);
  const data = Buffer.alloc(8);
  data.write('data', 0);
  data.writeUInt32LE(size ?? samples.length * 2, 4);
  return new Uint8Array(Buffer.concat([head, before, data, bytesOf(samples), after]));
}

describe('raw samples', () => {
  it('come whole however the bytes are cut, in pieces of at least 20 ms but for the last', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4000 }), fc.array(fc.nat(), { maxLength: 60 }), fc.constantFrom(8000, 24_000, 48_000), async (length, places, rateHz) => {
        const samples = ramp(length);
        const pieces = await read(answer(bytesOf(samples), 'audio/pcm', places), rateHz);
        expect(all(pieces)).toEqual(samples);
        expect(pieces.every((piece) => piece.rateHz === rateHz)).toBe(true);
        expect(pieces.slice(0, -1).every((piece) => piece.samples.length >= rateHz / 50)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    [undefined, 24_000],
    ['application/octet-stream', 24_000],
    ['audio/pcm;rate=16000', 16_000],
    ['audio/L16; Rate=48000; channels=1', 48_000],
  ])('of type %s are at %i Hz', async (type, rateHz) => {
    expect((await read(answer(bytesOf(ramp(2000)), type)))[0]?.rateHz).toBe(rateHz);
  });

  it('with half a sample too many leave it out', async () => {
    expect(all(await read(answer(Uint8Array.of(1, 0, 2, 0, 3), 'audio/pcm')))).toEqual(Int16Array.of(1, 2));
  });

  it('belong to the receiver', async () => {
    const bytes = bytesOf(ramp(480));
    const [piece] = await read(answer(bytes, 'audio/pcm'));
    bytes.fill(0);
    expect(piece?.samples).toEqual(ramp(480));
  });
});

describe('WAV', () => {
  it.each<[string, WavParts]>([
    ['a plain one', {}],
    ['one with a list of tags before its data', { before: Uint8Array.of(0x4c, 0x49, 0x53, 0x54, 3, 0, 0, 0, 1, 2, 3, 0) }],
    ['one that does not know its length', { size: 0xffff_ffff }],
    ['one that says 0', { size: 0 }],
    ['one that says almost 2 GiB', { size: 0x7fff_ffff - 36 }],
    ['one with something after its data', { after: Uint8Array.of(0x4c, 0x49, 0x53, 0x54, 2, 0, 0, 0, 9, 9) }],
    ['one at 44.1 kHz', { rateHz: 44_100 }],
  ])('%s, cut anywhere', async (_, parts) => {
    const samples = ramp(3000);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (places) => {
        const pieces = await read(answer(wav(samples, parts), 'audio/wav', places));
        expect(all(pieces)).toEqual(samples);
        expect(pieces[0]?.rateHz).toBe(parts.rateHz ?? 16_000);
      }),
      { numRuns: 30 },
    );
  });

  it('whose type is wrong is known by its first bytes', async () => {
    expect(all(await read(answer(wav(ramp(900)), 'application/octet-stream')))).toEqual(ramp(900));
  });

  it('with two channels is averaged', async () => {
    const [piece] = await read(answer(wav(Int16Array.of(100, 200, -5, -6, 32767, 32767), { channels: 2 }), 'audio/wav'));
    expect([...(piece?.samples ?? [])]).toEqual([150, -5, 32767]);
  });
});

describe('what is no sound of ours', () => {
  it.each<[string, Uint8Array, string | undefined, string]>([
    ['nothing', new Uint8Array(0), 'audio/pcm', 'no sample at all'],
    ['one byte', Uint8Array.of(1), 'audio/pcm', 'no sample at all'],
    ['a header without samples', wav(new Int16Array(0)), 'audio/wav', 'no sample at all'],
    ['JSON', new TextEncoder().encode('{"audio":"secret"}'), 'application/json', 'application/json'],
    ['a page', new TextEncoder().encode('<html>'), 'text/html; charset=utf-8', 'text/html'],
    ['mp3 by its type', Uint8Array.of(0xff, 0xfb, 0x90, 0), 'audio/mpeg', 'audio/mpeg'],
    ['mp3 by its tag', new TextEncoder().encode('ID3 and so on'), 'application/octet-stream', 'a file that begins with ID3'],
    ['Ogg', new TextEncoder().encode('OggS and so on'), undefined, 'a file that begins with OggS'],
    ['A-law', wav(ramp(100), { encoding: 6, bits: 8 }), 'audio/wav', 'WAV of encoding 6 with 8 bits'],
    ['float', wav(ramp(100), { encoding: 3, bits: 32 }), 'audio/wav', 'WAV of encoding 3 with 32 bits'],
    ['nine channels', wav(ramp(100), { channels: 9 }), 'audio/wav', 'WAV with 9 channels'],
    ['a rate we cannot play', wav(ramp(100), { rateHz: 96_000 }), 'audio/wav', 'a rate of 96000 Hz'],
    ['another RIFF', new TextEncoder().encode('RIFF....AVI and so on'), undefined, 'no WAV header'],
    ['a header without end', wav(ramp(10), { before: new Uint8Array(Buffer.concat([Buffer.from('LIST\xff\xff\xff\x00', 'latin1'), Buffer.alloc(70_000)])) }), undefined, 'a WAV header without end'],
  ])('%s', async (_, bytes, type, came) => {
    await expect(read(answer(bytes, type, [5, 30, 1000]))).rejects.toMatchObject({ code: 'provider_protocol', message: `local: expected speech as 16-bit PCM or WAV, got ${came}` });
  });

  it('WAV that ends before its length is broken off', async () => {
    await expect(read(answer(wav(ramp(1000), { size: 4000 }), 'audio/wav', [600]))).rejects.toMatchObject({ code: 'provider_broken' });
    await expect(read(answer(wav(ramp(10), { size: 4000 }), 'audio/wav'))).rejects.toMatchObject({ code: 'provider_unreachable' });
    await expect(read(answer(wav(ramp(10)).subarray(0, 30), 'audio/wav'))).rejects.toMatchObject({ code: 'provider_unreachable' });
  });

  it('sound without end', async () => {
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)) });
    await expect(read(new Response(endless, { headers: { 'content-type': 'audio/pcm' } }))).rejects.toMatchObject({ code: 'provider_overflow' });
  });
});
