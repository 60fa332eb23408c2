import { status as Status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { SpeechKitFault } from '../../../support/fakes/speechkit-script.js';
import type { WireFault } from '../../../support/fakes/speechkit-wire.js';
import { all, Asking, failureOf, Feed, KEY, settled, WORDS } from '../net/asking.js';
import { fake, spoken, stt, systemDelay, wire } from './stt-rig.js';

describe('what goes wrong', () => {
  const statuses: readonly [Status, string, string][] = [
    [Status.UNAUTHENTICATED, 'provider_auth', 'provider_auth'],
    [Status.PERMISSION_DENIED, 'provider_auth', 'provider_auth'],
    [Status.RESOURCE_EXHAUSTED, 'provider_rate_limited', 'provider_rate_limited'],
    [Status.UNAVAILABLE, 'provider_unreachable', 'provider_broken'],
    [Status.ABORTED, 'provider_unreachable', 'provider_broken'],
    [Status.DEADLINE_EXCEEDED, 'provider_unavailable', 'provider_unavailable'],
    [Status.INTERNAL, 'provider_unavailable', 'provider_unavailable'],
    [Status.UNKNOWN, 'provider_unavailable', 'provider_unavailable'],
    [Status.INVALID_ARGUMENT, 'provider_rejected', 'provider_rejected'],
    [Status.NOT_FOUND, 'provider_rejected', 'provider_rejected'],
    [Status.UNIMPLEMENTED, 'provider_rejected', 'provider_rejected'],
  ];
  it.each(statuses)('status %i', async (status, before, after) => {
    const server = await fake();
    const provider = stt(server.address);
    for (const midway of [false, true]) {
      server.fault = { status, midway, details: `${KEY} said ${WORDS}` };
      const asking = new Asking();
      const { error, items } = await failureOf(provider.transcribe(asking.hear(spoken())));
      expect(error.code).toBe(midway ? after : before);
      expect(items.length).toBe(midway ? 1 : 0);
      expect(error.message).toContain(Status[status]);
      expect(error.message).not.toMatch(new RegExp(`${KEY}|канарейка`));
    }
  });

  it('says how long to stay away', async () => {
    const server = await fake({ fault: { status: Status.RESOURCE_EXHAUSTED, pushbackMs: 1234 } });
    expect((await failureOf(stt(server.address).transcribe(new Asking().hear(spoken())))).error.retryAfterMs).toBe(1234);
  });

  it('a wrong key', async () => {
    const server = await fake({ apiKey: 'another' });
    const { error } = await failureOf(stt(server.address).transcribe(new Asking().hear(spoken())));
    expect(error.code).toBe('provider_auth');
    expect(error.message).not.toContain(KEY);
  });

  const faults: readonly [SpeechKitFault, string][] = [
    ['end_early', 'provider_unreachable'],
    ['garbage', 'provider_protocol'],
    ['garbage_midway', 'provider_protocol'],
  ];
  it.each(faults)('%s', async (fault, code) => {
    const server = await fake({ fault });
    // Nothing waits for the end of speech.
    const { error } = await failureOf(stt(server.address).transcribe(new Asking().hear(new Feed().speak(400))));
    expect(error.code).toBe(code);
  });

  const wires: readonly [string, WireFault, string][] = [
    ['nobody listens', 'refuse', 'provider_unreachable'],
    ['something else listens', 'garbage', 'provider_unreachable'],
    ['a reset before anything came', { after: 20, then: 'reset' }, 'provider_unreachable'],
    ['a reset between the words', { after: 300, then: 'reset' }, 'provider_broken'],
    ['an end in the middle of a message', { after: 300, then: 'finish' }, 'provider_broken'],
  ];
  it.each(wires)('%s', async (_name, fault, code) => {
    const server = await fake({ parts: [{ raw: 'слово '.repeat(100).trim(), refined: '' }], wordMs: 20 });
    const front = await wire(server, fault);
    const asking = new Asking();
    const { error, items } = await failureOf(stt(`127.0.0.1:${front.port}`).transcribe(asking.hear(spoken(2000))));
    expect(error.code).toBe(code);
    expect(items.length > 0).toBe(code === 'provider_broken');
    expect(items.every(({ final }) => !final)).toBe(true);
  });

  it('a server that takes the connection and hangs is not taken for connected', async () => {
    const server = await fake();
    const front = await wire(server, 'hang');
    const asking = new Asking();
    const results = settled(stt(`127.0.0.1:${front.port}`).transcribe(asking.hear(spoken())));
    await systemDelay(100);
    expect(asking.connections).toBe(0);
    asking.abort();
    expect(await results).toEqual([]);
  });

  const hanging: readonly [SpeechKitFault | WireFault, number][] = [
    ['hang', 0],
    ['hang_midway', 1],
  ];
  it.each(hanging)('%s lasts until it is aborted', async (fault, count) => {
    const server = await fake({ fault: fault as SpeechKitFault });
    const asking = new Asking();
    const results = settled(stt(server.address).transcribe(asking.hear(spoken())));
    await asking.connected;
    await server.until(() => server.sessions[0]?.events.some(({ type }) => type === 'end') === true);
    await systemDelay(50);
    asking.abort();
    expect((await results).length).toBe(count);
    await server.until(() => server.sessions[0]?.events.at(-1)?.type === 'cancelled');
  });

  it('messages that say nothing are skipped', async () => {
    const server = await fake({ fault: 'empty_messages' });
    expect(await all(stt(server.address).transcribe(new Asking().hear(spoken())))).toEqual([{ text: '', final: true }]);
  });

  it('results without end are read one by one, and end when they are not wanted', async () => {
    const server = await fake({ fault: 'endless' });
    const asking = new Asking();
    const seen: string[] = [];
    for await (const { text } of stt(server.address).transcribe(asking.hear(new Feed()))) {
      seen.push(text);
      if (seen.length === 1000) asking.abort();
    }
    expect(seen.length).toBeLessThan(1100);
    await server.until(() => server.sessions[0]?.events.at(-1)?.type === 'cancelled');
  });

  it('a line that trickles is slow, and nothing else', async () => {
    const server = await fake({ parts: [{ raw: 'да', refined: 'Да' }] });
    const front = await wire(server, { trickleMs: 1 });
    const results = await all(stt(`127.0.0.1:${front.port}`).transcribe(new Asking().hear(spoken(300))));
    expect(results.at(-1)).toEqual({ text: 'Да', final: true });
  });
});
