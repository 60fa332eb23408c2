import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { knownDataBytes, readWav, readWavHeader, writeWav } from '../../../voice-node/dsp/wav.js';

const chunk = (tag: string, body: Uint8Array, size = body.length): number[] => {
  const head = new Uint8Array(8);
  for (let i = 0; i < 4; i++) head[i] = tag.charCodeAt(i);
  new DataView(head.buffer).setUint32(4, size, true);
  return [...head, ...body, ...(body.length % 2 === 1 ? [0] : [])];
};
const riff = (...chunks: readonly number[][]): Uint8Array => Uint8Array.from([...'RIFF'].map((c) => c.charCodeAt(0)).concat([0, 0, 0, 0], [...'WAVE'].map((c) => c.charCodeAt(0)), chunks.flat()));
function format({ encoding = 1, channels = 1, rateHz = 8000, bits = 16, extra = [] as number[] } = {}): number[] {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint16(0, encoding, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rateHz, true);
  view.setUint32(8, (rateHz * channels * bits) / 8, true);
  view.setUint16(12, (channels * bits) / 8, true);
  view.setUint16(14, bits, true);
  return chunk('fmt ', Uint8Array.from([...new Uint8Array(view.buffer), ...extra]));
}
const data = (...samples: number[]): number[] => chunk('data', new Uint8Array(Int16Array.from(samples).buffer));
function faultOf(bytes: Uint8Array): VoiceNodeError {
  try {
    readWav(bytes, 'a.wav');
  } catch (error) {
    if (error instanceof VoiceNodeError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('a WAV file', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 500 }), fc.constantFrom(8000, 11_025, 16_000, 44_100, 48_000), (samples, rateHz) => {
        const bytes = writeWav({ samples, rateHz });
        expect(bytes.length).toBe(44 + 2 * samples.length);
        expect(readWav(bytes)).toEqual({ samples, rateHz });
        // Anywhere in a larger buffer, and at an odd place.
        const moved = new Uint8Array(bytes.length + 3);
        moved.set(bytes, 3);
        expect(readWav(moved.subarray(3)).samples).toEqual(samples);
      }),
    );
  });

  it('is read with chunks around its data, several channels, and the extensible header', () => {
    expect(readWav(riff(chunk('LIST', new Uint8Array(7)), format(), chunk('fact', new Uint8Array(4)), data(1, -2), chunk('id3 ', new Uint8Array(3)))).samples).toEqual(Int16Array.of(1, -2));
    expect(readWav(riff(format({ channels: 2 }), data(10, 20, -32768, -32768, 32767, 32767)))).toEqual({ rateHz: 8000, samples: Int16Array.of(15, -32768, 32767) });
    const extensible = [22, 0, 16, 0, 4, 0, 0, 0, 1, 0, ...new Array<number>(14).fill(0)];
    expect(readWav(riff(format({ encoding: 0xfffe, extra: extensible }), data(7))).samples).toEqual(Int16Array.of(7));
  });

  it('is read as far as it goes where the recorder was killed', () => {
    expect(readWav(riff(format(), chunk('data', Uint8Array.of(1, 0, 2, 0, 3), 0xffffffff))).samples).toEqual(Int16Array.of(1, 2, 3));
    expect(readWav(riff(format(), chunk('data', new Uint8Array(0))))).toEqual({ rateHz: 8000, samples: new Int16Array(0) });
  });

  it('is known by its header as soon as that has come, whatever follows', () => {
    const whole = riff(chunk('LIST', new Uint8Array(7)), format({ channels: 2, rateHz: 24_000 }), data(1, 2, 3, 4));
    const headerBytes = whole.length - 8;
    for (let length = 0; length < headerBytes; length++) expect(readWavHeader(whole.subarray(0, length))).toBeUndefined();
    for (let length = headerBytes; length <= whole.length; length++) {
      expect(readWavHeader(whole.subarray(0, length))).toEqual({ rateHz: 24_000, channels: 2, dataAt: headerBytes, dataBytes: 8 });
    }
    expect(readWavHeader(writeWav({ samples: new Int16Array(500), rateHz: 16_000 }))).toEqual({ rateHz: 16_000, channels: 1, dataAt: 44, dataBytes: 1000 });
  });

  it('has a known length unless its writer did not know it', () => {
    const known = (size: number): number | undefined => knownDataBytes({ rateHz: 8000, channels: 1, dataAt: 44, dataBytes: size });
    expect([2, 1000, 0x7ffe_ffff].map(known)).toEqual([2, 1000, 0x7ffe_ffff]);
    expect([0, 0x7fff_ffff - 36, 0xffff_ffff].map(known)).toEqual([undefined, undefined, undefined]);
  });

  it('that is none, or not one of ours, is refused in words', () => {
    const bad: readonly [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /expected a WAV file.*got an empty file/],
      [Uint8Array.of(1, 2), /expected a WAV file/],
      [new TextEncoder().encode('OggS and more than that'), /got "OggS"/],
      [new TextEncoder().encode('RIFF....AVI LIST'), /expected a WAV file/],
      [riff(), /expected audio data, got a WAV file without any/],
      [riff(format()), /expected audio data/],
      [riff(data(1)), /expected 16-bit PCM.* got WAV data before its format/],
      [riff(chunk('fmt ', new Uint8Array(10)), data(1)), /got a WAV format that is cut short/],
      [riff(format()).subarray(0, 30), /expected audio data/],
      [riff(format({ bits: 8 }), data(1)), /expected 16-bit PCM.* got WAV of encoding 1 with 8 bits/],
      [riff(format({ bits: 24 }), data(1)), /with 24 bits/],
      [riff(format({ encoding: 3, bits: 32 }), data(1)), /encoding 3 with 32 bits/],
      [riff(format({ encoding: 6, bits: 8 }), data(1)), /encoding 6/],
      [riff(format({ encoding: 0xfffe }), data(1)), /encoding 65534/],
      [riff(format({ channels: 0 }), data(1)), /with 1 to 8 channels, got WAV with 0 channels/],
      [riff(format({ channels: 9 }), data(1)), /got WAV with 9 channels/],
      [riff(format({ rateHz: 0 }), data(1)), /expected a rate of 1000 to 384000 Hz, got 0/],
      [riff(format({ rateHz: 4_000_000_000 }), data(1)), /got 4000000000/],
    ];
    for (const [bytes, message] of bad) {
      const fault = faultOf(bytes);
      expect([fault.code, fault.message]).toEqual(['audio_format', expect.stringMatching(message)]);
      expect(fault.message).toMatch(/^a\.wav: /);
    }
  });

  it('however it is broken, gives audio or a refusal, and nothing else', () => {
    const whole = writeWav({ samples: new Int16Array(50), rateHz: 8000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), fc.array(fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }), (length, changes) => {
        const bytes = whole.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        try {
          const { samples, rateHz } = readWav(bytes);
          expect(samples.length).toBeLessThanOrEqual(50);
          expect(rateHz).toBeGreaterThan(0);
        } catch (error) {
          expect((error as VoiceNodeError).code).toBe('audio_format');
        }
      }),
      { numRuns: 500 },
    );
  });
});
