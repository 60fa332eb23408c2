import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Audio } from '../../../../voice-node/domain/audio.js';
import { ProviderError } from '../../../../voice-node/domain/provider.js';
import type { TextToSpeech } from '../../../../voice-node/domain/tts.js';
import { Espeak } from '../../../../voice-node/providers/tts/espeak.js';
import { Flite } from '../../../../voice-node/providers/tts/flite.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A program of a few lines of shell in the place of the real one. */
function program(lines: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-program-'));
  folders.push(folder);
  const file = join(folder, 'program');
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

interface Said {
  readonly pieces: Audio[];
  readonly samples: number;
  readonly rateHz: number;
  readonly rmsDbfs: number;
  connected: boolean;
  characters: number;
}

async function say(voice: TextToSpeech, text: string, language = 'en-US', signal = new AbortController().signal): Promise<Said> {
  const said = { pieces: [] as Audio[], connected: false, characters: 0 };
  const request = { text, language, signal, connected: () => (said.connected = true), used: (_: string, amount: number) => (said.characters += amount) };
  for await (const piece of voice.speak(request)) said.pieces.push(piece);
  const all = said.pieces.flatMap(({ samples }) => [...samples]);
  const power = all.reduce((sum, x) => sum + x * x, 0) / Math.max(1, all.length);
  return { ...said, samples: all.length, rateHz: said.pieces[0]?.rateHz ?? 0, rmsDbfs: 10 * Math.log10(power / 32768 ** 2) };
}

const fails = async (promise: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
};
const flites = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('voice-node-flite-'));

describe('flite', () => {
  it('speaks several sentences, at a level one can hear, and leaves nothing behind', async () => {
    const before = flites().length;
    const one = await say(new Flite(), 'Hello there.');
    const three = await say(new Flite(), 'Hello there. How are you today? I am fine, thank you very much.');
    expect(one.rateHz).toBe(16_000);
    expect(one.connected).toBe(true);
    expect(one.characters).toBe(12);
    expect(one.samples / 16_000).toBeGreaterThan(0.5);
    expect(three.samples / 16_000).toBeGreaterThan(2.5);
    expect(three.rmsDbfs).toBeGreaterThan(-35);
    expect(three.pieces.slice(0, -1).every(({ samples }) => samples.length >= 320)).toBe(true);
    expect(flites()).toHaveLength(before);
  });

  it('takes no text for an option, a command or another language\'s letters', async () => {
    const hostile = await say(new Flite(), '-voice http://example.com $(touch /tmp/x) `id`; “I’m — naïve” привет');
    expect(hostile.samples).toBeGreaterThan(16_000);
    expect((await fails(say(new Flite(), 'Привет.', 'ru-RU'))).message).toBe('flite: expected English, such as en-US, got ru-RU');
  });

  it('knows its voices, and says so', async () => {
    expect((await say(new Flite({ voice: 'kal' }), 'Hello.')).rateHz).toBe(8000);
    const unknown = await fails(say(new Flite({ voice: 'nobody' }), 'Hello.'));
    expect(unknown.code).toBe('provider_rejected');
    expect(unknown.message).toMatch(/rms.*; got nobody$/);
    expect(() => new Flite({ voice: '../voice' })).toThrow(/expected a voice such as rms/);
    expect(() => new Flite({ voice: '-o' })).toThrow(ProviderError);
  });

  it('that is not there is missed in words', async () => {
    const error = await fails(say(new Flite({ command: 'no-such-flite' }), 'Hello.'));
    expect(error.code).toBe('provider_unreachable');
    expect(error.message).toContain('apt-get install flite');
  });

  it('that writes nothing, or no WAV, is no voice', async () => {
    const listed = 'if [ "$1" = -lv ]; then echo "Voices available: rms"; exit 0; fi';
    expect((await fails(say(new Flite({ command: program(`${listed}\nexit 0`) }), 'Hello.'))).code).toBe('provider_protocol');
    const garbage = program(`${listed}\nfor last; do :; done; echo "this is no WAV" > "$last"`);
    expect((await fails(say(new Flite({ command: garbage }), 'Hello.'))).message).toContain('expected a WAV');
    const refuses = await fails(say(new Flite({ command: program(`${listed}\necho "out of sorts" >&2; exit 4`) }), 'Hello.'));
    expect(refuses.code).toBe('provider_rejected');
    expect(refuses.message).toMatch(/exit code 4.*\(out of sorts\)/);
  });
});

describe('espeak-ng', () => {
  it('speaks English, Russian and a language it finds by itself', async () => {
    for (const [text, language] of [['Hello there.', 'en-US'], ['Добрый день, чем могу помочь?', 'ru-RU'], ['Guten Tag.', 'de-DE']] as const) {
      const said = await say(new Espeak(), text, language);
      expect(said.rateHz).toBe(22_050);
      expect(said.samples / said.rateHz).toBeGreaterThan(0.5);
      expect(said.rmsDbfs).toBeGreaterThan(-35);
      expect(said.connected).toBe(true);
    }
  });

  it('speaks at the speed it is told', async () => {
    const text = 'One two three four five six seven eight nine ten.';
    const normal = await say(new Espeak(), text);
    expect((await say(new Espeak({ speed: 2 }), text)).samples).toBeLessThan(0.65 * normal.samples);
    expect((await say(new Espeak({ speed: 0.6 }), text)).samples).toBeGreaterThan(1.4 * normal.samples);
  });

  it('takes no text for phonemes or commands, and no voice for a path', async () => {
    const literal = await say(new Espeak(), 'a [[h@l@U]] b');
    expect(literal.samples).toBeGreaterThan(0);
    expect(() => new Espeak({ voice: '../../etc/passwd' })).toThrow(/expected a voice such as ru/);
    expect(() => new Espeak({ voice: '--help' })).toThrow(ProviderError);
    const unknown = await fails(say(new Espeak({ voice: 'nosuchvoice' }), 'Hello.'));
    expect(unknown.code).toBe('provider_rejected');
    expect(unknown.message).toContain('voice does not exist');
  });

  it('that is not there is missed in words', async () => {
    const error = await fails(say(new Espeak({ command: 'no-such-espeak' }), 'Hello.'));
    expect(error.code).toBe('provider_unreachable');
    expect(error.message).toContain('apt-get install espeak-ng');
  });

  it('ends with the signal, in the middle of a long text and before the first byte', async () => {
    const hangs = program('echo $$ > "$0.pid"; exec sleep 60');
    const controller = new AbortController();
    const waiting = say(new Espeak({ command: hangs }), 'Hello.', 'en-US', controller.signal);
    setImmediate(() => controller.abort());
    expect((await waiting).pieces).toEqual([]);
    const long = new AbortController();
    let pieces = 0;
    const request = { text: 'And so on. '.repeat(2000), language: 'en-US', signal: long.signal, connected: () => undefined, used: () => undefined };
    for await (const _ of new Espeak().speak(request)) if (++pieces === 3) long.abort();
    expect(pieces).toBeLessThan(20);
  });

  it('that breaks off has broken, before or after its first sound', async () => {
    const header = 'printf "RIFF\\377\\377\\377\\177WAVEfmt \\020\\000\\000\\000\\001\\000\\001\\000\\200\\076\\000\\000\\000\\175\\000\\000\\002\\000\\020\\000data\\000\\377\\377\\177"';
    const after = await fails(say(new Espeak({ command: program(`${header}; head -c 4000 /dev/zero; kill -9 $$`) }), 'Hello.'));
    expect(after.code).toBe('provider_broken');
    expect((await fails(say(new Espeak({ command: program('kill -9 $$') }), 'Hello.'))).code).toBe('provider_unreachable');
    expect((await fails(say(new Espeak({ command: program('echo "no WAV at all, but words"') }), 'Hello.'))).code).toBe('provider_protocol');
  });
});
