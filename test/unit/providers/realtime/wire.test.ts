import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import type { RealtimeVendorOptions } from '../../../../voice-node/providers/realtime/vendors.js';
import { addressOf } from '../../../../voice-node/providers/realtime/vendors.js';
import { serveRealtime, type RealtimeServer } from '../../../support/fakes/realtime-server.js';
import { FakeRealtime, type FakeRealtimeOptions } from '../../../support/fakes/realtime.js';
import { fitTone } from '../../dsp/signals.js';
import { openSession, sine, VENDOR } from './rig.js';

const servers: RealtimeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: Partial<FakeRealtimeOptions> = {}): Promise<{ fake: FakeRealtime; base: string; server: RealtimeServer }> {
  const fake = new FakeRealtime(systemClock, { thinkMs: 5, speed: 50, transcriptMs: 5, ...options });
  const server = await serveRealtime(fake);
  servers.push(server);
  return { fake, server, base: `http://127.0.0.1:${server.port}` };
}

const SERVER_VAD = { type: 'server_vad', threshold: 0.6, prefixPaddingMs: 300, silenceDurationMs: 200 } as const;
const TOOL = { name: 'look_up', description: 'Looks up.', parameters: { type: 'object', properties: { what: { type: 'string' } } } };

describe('addresses', () => {
  it('are those of the vendors', () => {
    const common = { apiKey: 'secret', turnDetection: SERVER_VAD, interruptResponse: true } as const;
    expect(addressOf({ ...common, vendor: 'openai', model: 'gpt-realtime' })).toEqual({
      url: 'wss://api.openai.com/v1/realtime?model=gpt-realtime',
      headers: { authorization: 'Bearer secret' },
    });
    expect(addressOf({ ...common, vendor: 'azure', model: 'my deployment', baseUrl: 'https://res.openai.azure.com/openai/v1/' })).toEqual({
      url: 'wss://res.openai.azure.com/openai/v1/realtime?model=my+deployment',
      headers: { 'api-key': 'secret' },
    });
    expect(addressOf({ ...common, vendor: 'yandex', folderId: 'b1g' })).toEqual({
      url: 'wss://ai.api.cloud.yandex.net/v1/realtime/openai?model=gpt%3A%2F%2Fb1g%2Fspeech-realtime-250923',
      headers: { authorization: 'Api-Key secret' },
    });
    expect(addressOf({ ...common, vendor: 'yandex', folderId: 'b1g', model: 'gpt://other/one' }).url).toContain('model=gpt%3A%2F%2Fother%2Fone');
  });
});

describe.each([
  ['openai', '/v1', { ...VENDOR }],
  ['azure', '/openai/v1', { ...VENDOR, vendor: 'azure', baseUrl: '' }],
  ['yandex', '/v1', { ...VENDOR, vendor: 'yandex', folderId: 'b1g', model: undefined }],
] as [FakeRealtimeOptions['dialect'], string, RealtimeVendorOptions][])('%s over a real socket', (dialect, path, vendor) => {
  it('is set up as the vendor wants it', async () => {
    const { fake, base } = await serve({ dialect });
    const options = { ...vendor, baseUrl: base + path, turnDetection: SERVER_VAD, interruptResponse: false, voice: 'marin', transcription: 'whisper-1' } as RealtimeVendorOptions;
    const { session, ear } = openSession({ vendor: options, clock: systemClock }, { instructions: 'Be kind.', language: 'ru-RU', tools: [TOOL] });
    await ear.next('ready');
    const format = { type: 'audio/pcm', rate: 24_000 };
    expect(fake.session.config).toEqual({
      ...(dialect === 'yandex' ? {} : { type: 'realtime' }),
      output_modalities: ['audio'],
      instructions: 'Be kind.',
      tools: [{ type: 'function', ...TOOL }],
      audio: {
        input: {
          format,
          turn_detection: { type: 'server_vad', threshold: 0.6, prefix_padding_ms: 300, silence_duration_ms: 200, create_response: true, interrupt_response: false },
          transcription: { model: 'whisper-1', language: 'ru' },
        },
        output: { format, voice: 'marin' },
      },
    });
    session.close();
  });

  it('takes a turn, in our own hands, and answers with words and sound', async () => {
    const { fake, base } = await serve({ dialect, transcribe: () => 'what is it?' });
    const { session, ear, meter } = openSession({ vendor: { ...vendor, baseUrl: base + path, transcription: 'whisper-1' }, clock: systemClock });
    // Before the connection is up: kept, and carried out in order.
    const spoken = sine(700, 8000);
    for (let at = 0; at < spoken.length; at += 160) session.append(spoken.subarray(at, at + 160), 8000);
    session.commit();
    await Promise.all([ear.next('done completed'), ear.next('transcript true')]);
    expect(fake.session.config).toMatchObject({ audio: { input: { turn_detection: null } } });
    expect(fake.session.complaints).toEqual([]);
    // The transcript comes beside the answer, whenever it is there.
    expect(ear.told.filter((line) => !line.startsWith('transcript'))).toEqual(['ready', 'committed', 'response started', 'first audio', 'done completed']);
    expect(ear.told.filter((line) => line.startsWith('transcript'))).toEqual(['transcript false what', 'transcript true what is it?']);
    expect(ear.words.join('')).toBe('This is answer number 1, and it is long enough to be interrupted.');
    const sound = ear.sound();
    expect(sound.length).toBe(65 * 65 * 24);
    const fit = fitTone(sound.subarray(2400, -2400), 24_000, 350, 0);
    expect(20 * Math.log10(fit.amplitude / 32_768)).toBeCloseTo(-12, 1);
    // What the caller said came up to 24 kHz whole: 700 ms of 440 Hz, less the delay of the resampler.
    const heard = fake.session.items[0]?.audio ?? new Int16Array();
    expect(heard.length).toBe(700 * 24);
    const input = fitTone(heard.subarray(2400, -2400), 24_000, 440, 0);
    expect(input.amplitude).toBeCloseTo(9000, -2);
    expect(input.residualRms).toBeLessThan(5);
    expect(meter.firsts.map((line) => line.replace(/\d+$/, 'n'))).toEqual([`realtime ${dialect} n`]);
    expect(meter.used).toEqual(expect.arrayContaining([`${dialect} input_tokens 10`, `${dialect} output_tokens 20`, `${dialect} audio_seconds 0.7`]));
    session.close();
  });
});

describe('a session', () => {
  it('remembers words and sounds as items of their roles, and calls tools', async () => {
    const { fake, base } = await serve({ answer: ({ number }) => (number === 1 ? [{ type: 'call', name: 'look_up', args: { what: 'rain' } }] : [{ type: 'say', text: 'It rains.' }]) });
    const { session, ear } = openSession({ vendor: { ...VENDOR, baseUrl: `${base}/v1` }, clock: systemClock });
    session.remember({ role: 'user', text: 'Hello' });
    session.remember({ role: 'assistant', text: 'Good morning.' });
    session.remember({ role: 'user', audio: { samples: sine(200, 16_000), rateHz: 16_000 } });
    session.respond();
    await ear.next('done');
    const call = ear.told.find((line) => line.startsWith('tool'))?.split(' ') ?? [];
    expect(call.slice(0, 3)).toEqual(['tool', 'look_up', '{"what":"rain"}']);
    session.toolResult(call[3] ?? '', 'sunny');
    session.respond('Say it.');
    await ear.next('done');
    expect(fake.session.complaints).toEqual([]);
    expect(fake.session.items.map(({ role, text, audio }) => [role, text, audio?.length])).toEqual([
      ['user', 'Hello', undefined],
      ['assistant', 'Good morning.', undefined],
      ['user', '', 4800],
      ['tool', 'look_up({"what":"rain"})', undefined],
      ['tool', 'sunny', undefined],
      ['assistant', 'It rains.', undefined],
    ]);
    expect(fake.session.received.filter(({ type }) => type === 'response.create')).toMatchObject([{}, { response: { instructions: 'Say it.' } }]);
    session.close();
  });

  it('asks for one answer at a time, and for nothing more once cancelled', async () => {
    const { fake, base } = await serve({ speed: 5 });
    const { session, ear } = openSession({ vendor: { ...VENDOR, baseUrl: `${base}/v1` }, clock: systemClock });
    session.respond();
    await ear.next('first audio');
    session.respond('another one');
    session.respond('yet another one');
    session.cancel();
    await ear.next('done cancelled');
    session.respond('after all');
    await ear.next('done completed');
    expect(fake.session.complaints).toEqual([]);
    expect(fake.session.answers.length).toBe(2);
    session.close();
  });

  it('leaves no socket open: closed, aborted while it connects, aborted while it talks', async () => {
    const { server, base } = await serve();
    const open = () => openSession({ vendor: { ...VENDOR, baseUrl: `${base}/v1` }, clock: systemClock });
    const [closed, aborted, early] = [open(), open(), open()];
    early.abort.abort();
    await Promise.all([closed.ear.next('ready'), aborted.ear.next('ready')]);
    closed.session.close();
    aborted.session.respond();
    aborted.abort.abort();
    await expect.poll(() => server.sockets.size).toBe(0);
    expect([closed, aborted, early].map(({ ear }) => ear.told)).toEqual([['ready'], ['ready'], []]);
  });
});
