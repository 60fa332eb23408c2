import { PassThrough, Readable, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { runResample } from '../../../voice-node/cli/resample.js';
import { fitTone, noise, sine, toFloat32, toInt16 } from './signals.js';

class Sink extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const bytesOf = (x: Int16Array | Float32Array): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength);

async function run(args: string, input: Buffer, cut = input.length || 1): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += cut) pieces.push(input.subarray(at, at + cut));
  const stdout = new Sink();
  await runResample(args.split(' '), { stdin: Readable.from(pieces), stdout });
  return stdout.bytes;
}

describe('voice-node resample', () => {
  it.each([[48000, 8000, 's16le', 'conversation'], [8000, 48000, 's16le', 'linear'], [44100, 16000, 's16le', 'archive'], [48000, 16000, 'f32le', 'conversation'], [16000, 16000, 's16le', 'conversation']] as const)(
    '%i to %i %s %s: exact length, aligned with the input, same bytes for any block and any cut of the pipe',
    async (fromHz, toHz, format, profile) => {
      const samples = 0.3 * fromHz + 7;
      const tone = sine(samples, fromHz, 500, 0.5);
      const input = bytesOf(format === 's16le' ? toInt16(tone) : toFloat32(tone));
      const args = `--from ${fromHz} --to ${toHz} --format ${format} --profile ${profile}`;
      const whole = await run(args, input);
      const width = format === 's16le' ? 2 : 4;
      expect(whole.length).toBe(width * Math.round((samples * toHz) / fromHz));
      for (const [block, cut] of [['', 1001], [' --block 0', 7], [' --block 960', 1], [' --block 1', 333], [' --block 441', 4096]] as const) {
        expect(Buffer.compare(await run(args + block, input, cut), whole)).toBe(0);
      }
      const out = format === 's16le' ? new Int16Array(new Uint8Array(whole).buffer) : new Float32Array(new Uint8Array(whole).buffer);
      const middle = out.subarray(0, Math.floor(0.9 * out.length));
      const { phase, amplitude } = fitTone(middle, toHz, 500, Math.floor(0.1 * out.length));
      expect(amplitude / (format === 's16le' ? 32767 : 1)).toBeCloseTo(0.5, 2);
      // Half an output sample of rounding, and what 500 Hz differs from the mean delay.
      expect(Math.abs(phase / (2 * Math.PI * 500)) * 1000).toBeLessThan(500 / toHz + 0.15);
    },
  );

  it('has any length exact', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3000 }), fc.constantFrom('8000', '11025', '48000'), fc.constantFrom('8000', '22050', '48000'), async (count, from, to) => {
        const out = await run(`--from ${from} --to ${to}`, bytesOf(toInt16(noise(count, 71))));
        expect(out.length).toBe(2 * Math.round((count * Number(to)) / Number(from)));
      }),
      { numRuns: 40 },
    );
  });

  it('answers each block before it has seen the next one', async () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const done = runResample(['--from', '48000', '--to', '8000', '--block', '960'], { stdin, stdout });
    const counts: number[] = [];
    for (let block = 0; block < 5; block++) {
      stdin.write(bytesOf(toInt16(noise(960, block))));
      counts.push(((await new Promise<Buffer>((resolve) => stdout.once('data', resolve))).length / 2) | 0);
    }
    stdin.end();
    await done;
    // The delay of 3 samples, 0.4 ms, is left out once, at the beginning.
    expect(counts).toEqual([157, 160, 160, 160, 160]);
  });

  it.each([
    ['--from 48000', 'argument_invalid', /--to is missing/],
    ['--to 8000', 'argument_invalid', /--from is missing/],
    ['--from 48000 --to 8k', 'argument_invalid', /whole number after --to, got 8k/],
    ['--from 48000 --to 8000 --profile best', 'argument_invalid', /conversation\|linear\|archive, got best/],
    ['--from 48000 --to 8000 --format s24le', 'argument_invalid', /s16le\|f32le, got s24le/],
    ['--from 48000 --to 8000 --quality 3', 'argument_invalid', /--quality/],
    ['--from 48000 --to 8000 in.wav', 'argument_invalid', /in\.wav/],
    ['--from 48000 --to 7000', 'audio_format', /got 7000/],
  ])('%s: one clear line', async (args, code, message) => {
    const error = await run(args, Buffer.alloc(8)).then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { code: string },
    );
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('\n');
  });

  it('refuses an input that ends within a sample', async () => {
    await expect(run('--from 48000 --to 8000', Buffer.alloc(11), 3)).rejects.toMatchObject({ code: 'audio_format' });
    await expect(run('--from 48000 --to 8000 --format f32le --block 0', Buffer.alloc(10))).rejects.toMatchObject({ code: 'audio_format' });
  });

  it('holds back a writer that is faster than its reader', async () => {
    const stdout = new Writable({ highWaterMark: 1024, write: (_chunk, _encoding, done) => void pending.push(done) });
    const pending: (() => void)[] = [];
    let produced = 0;
    const stdin = Readable.from(
      (function* () {
        for (; produced < 1000; produced++) yield Buffer.alloc(1920);
      })(),
    );
    const done = runResample(['--from', '8000', '--to', '48000'], { stdin, stdout });
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(100);
    let ended = false;
    void done.finally(() => (ended = true));
    while (!ended) {
      pending.splice(0).forEach((release) => release());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect(produced).toBe(1000);
  });
});
