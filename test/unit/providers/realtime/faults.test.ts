import { afterEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../voice-node/domain/errors.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import type { ConnectSocket } from '../../../../voice-node/providers/realtime/socket.js';
import { monotonicMs } from '../../../../voice-node/domain/time.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { memoryConnect } from '../../../support/fakes/realtime-memory.js';
import { serveRealtime, type RealtimeServer } from '../../../support/fakes/realtime-server.js';
import { FakeRealtime, MOMENTS, type Fault, type Moment } from '../../../support/fakes/realtime.js';
import { openSession, sine, VENDOR, type Opened } from './rig.js';

const LIMITS = { connectMs: 3000, firstMs: 4000, gapMs: 2000, totalMs: 20_000 };

/** What each fault is called, before and after the session is ready; a time is a deadline. */
const FAULTS: readonly (readonly [string, Fault, ErrorCode | 'deadline', ErrorCode | 'deadline'])[] = [
  ['refused', 'refuse', 'provider_unreachable', 'provider_unreachable'],
  ['hangs', 'hang', 'deadline', 'deadline'],
  ['reset', 'reset', 'provider_unreachable', 'provider_broken'],
  ['ends in the middle of a message', 'fin', 'provider_unreachable', 'provider_broken'],
  ['1006', { close: 1006 }, 'provider_unreachable', 'provider_broken'],
  ['1000', { close: 1000 }, 'provider_unreachable', 'provider_broken'],
  ['1008', { close: 1008 }, 'provider_rejected', 'provider_rejected'],
  ['1011', { close: 1011 }, 'provider_unavailable', 'provider_unavailable'],
  ['4401', { close: 4401 }, 'provider_auth', 'provider_auth'],
  ['4429', { close: 4429 }, 'provider_rate_limited', 'provider_rate_limited'],
  ['3000 with a reason', { close: 3000, reason: 'invalid_request_error.invalid_api_key' }, 'provider_auth', 'provider_auth'],
  ['valid but wrong JSON', 'wrong_json', 'provider_protocol', 'provider_protocol'],
  ['a known event with wrong fields', 'wrong_event', 'provider_protocol', 'provider_protocol'],
  ['garbage bytes', 'garbage', 'provider_protocol', 'provider_protocol'],
  ['truncated UTF-8', 'bad_utf8', 'provider_protocol', 'provider_protocol'],
  ['truncated base64', 'bad_base64', 'provider_protocol', 'provider_protocol'],
  ['a byte a second', 'dribble', 'deadline', 'deadline'],
];

/** Faults of the upgrade itself. */
const UPGRADES: readonly (readonly [Fault, ErrorCode, number | undefined])[] = [
  [{ http: 401 }, 'provider_auth', undefined],
  [{ http: 403 }, 'provider_auth', undefined],
  [{ http: 404 }, 'provider_rejected', undefined],
  [{ http: 429 }, 'provider_rate_limited', undefined],
  [{ http: 429, retryAfter: '7' }, 'provider_rate_limited', 7000],
  [{ http: 500 }, 'provider_unavailable', undefined],
  [{ http: 503, retryAfter: '1' }, 'provider_unavailable', 1000],
  [{ http: 302 }, 'provider_protocol', undefined],
];

const DEADLINES: Readonly<Record<Moment, readonly [ErrorCode, number]>> = {
  connect: ['provider_connect_timeout', LIMITS.connectMs],
  session: ['provider_connect_timeout', LIMITS.connectMs],
  committed: ['provider_first_timeout', LIMITS.firstMs],
  created: ['provider_first_timeout', LIMITS.firstMs],
  audio: ['provider_gap_timeout', LIMITS.gapMs],
};

/** A fault in the middle of the audio strikes after three deltas. */
const plan = (fake: FakeRealtime, at: Moment, fault: Fault): void => fake.plan({ at, fault, after: at === 'audio' ? 3 : 0 });

function takeTurn({ session }: Opened): void {
  session.append(sine(500, 8000), 8000);
  session.commit();
}

/** Of what can be known at the upgrade, a server's words are not part. */
const possible = (at: Moment, fault: Fault): boolean => at !== 'connect' || !['wrong_json', 'wrong_event', 'bad_base64', 'garbage', 'bad_utf8'].includes(String(fault));

describe.each(MOMENTS)('a fault at %s, on virtual time', (at) => {
  it.each(FAULTS.filter(([, fault]) => possible(at, fault) && (fault !== 'refuse' || at === 'connect')))('%s: told once, with its code, and nothing left open', async (_name, fault, before, after) => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    const connect = memoryConnect(fake);
    plan(fake, at, fault);
    const opened = openSession({ vendor: VENDOR, clock, connect, limits: LIMITS });
    takeTurn(opened);
    await clock.advanceTo(30_000);
    const late = at === 'connect' || at === 'session' ? before : after;
    const expected = late === 'deadline' ? DEADLINES[at][0] : late;
    const { told } = opened.ear;
    expect(told.filter((line) => line.startsWith('ended'))).toEqual([`ended ${expected}`]);
    expect(told.at(-1)).toBe(`ended ${expected}`);
    expect(opened.meter.errors).toEqual([`realtime ${expected}`]);
    expect(connect.open.size).toBe(0);
    expect(fake.openSessions).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    // Whatever is done to a session that is over does nothing.
    takeTurn(opened);
    opened.session.cancel();
    opened.session.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('deadlines', () => {
  it.each(MOMENTS)('at %s come when they are due, not sooner and not later', async (at) => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock, { deltaMs: 100, speed: 1 });
    plan(fake, at, 'hang');
    const opened = openSession({ vendor: VENDOR, clock, connect: memoryConnect(fake), limits: LIMITS });
    takeTurn(opened);
    // The session is ready after 100 ms, the answer created 40 ms later and audible after 200 more; three deltas take 200.
    const startMs = { connect: 0, session: 0, committed: 100, created: 100, audio: 100 + 40 + 200 + 200 }[at];
    await clock.advanceTo(startMs + DEADLINES[at][1] - 60);
    expect(opened.ear.error).toBeUndefined();
    await clock.advanceTo(startMs + DEADLINES[at][1] + 60);
    expect(opened.ear.error?.code).toBe(DEADLINES[at][0]);
  });

  it('end an answer without end', async () => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    fake.plan({ at: 'audio', fault: 'endless' });
    const opened = openSession({ vendor: VENDOR, clock, connect: memoryConnect(fake), limits: LIMITS });
    takeTurn(opened);
    await clock.advanceTo(19_000);
    expect(opened.ear.error).toBeUndefined();
    await clock.advanceTo(21_000);
    expect(opened.ear.error?.code).toBe('provider_total_timeout');
  });

  it('do not concern a session that nobody asks for anything', async () => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    const opened = openSession({ vendor: VENDOR, clock, connect: memoryConnect(fake), limits: LIMITS });
    await clock.advanceTo(600_000);
    expect(opened.ear.told).toEqual(['ready']);
    opened.session.close();
    await clock.advanceTo(600_100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('notice a line that has died without a word, by its pings', async () => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    const opened = openSession({ vendor: VENDOR, clock, connect: memoryConnect(fake), limits: LIMITS });
    await clock.advanceTo(1000);
    fake.plan({ at: 'session', fault: 'dribble' });
    fake.session.proceed('session');
    await clock.advanceTo(21_000);
    expect(opened.ear.error).toBeUndefined();
    await clock.advanceTo(41_000);
    expect(opened.ear.error?.code).toBe('provider_broken');
  });

  it('forget a cancelled answer that never ends', async () => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    const opened = openSession({ vendor: VENDOR, clock, connect: memoryConnect(fake), limits: LIMITS });
    takeTurn(opened);
    await clock.advanceTo(500);
    fake.session.answer?.stop();
    opened.session.cancel();
    opened.session.respond();
    await clock.advanceTo(5000);
    expect(opened.ear.told.slice(-4)).toEqual(['first audio', 'done cancelled', 'response started', 'done completed']);
  });
});

describe('an answer that waits for another', () => {
  it('is asked for again where the server began one by itself at the same moment', async () => {
    const clock = new VirtualClock();
    const fake = new FakeRealtime(clock);
    const turnDetection = { type: 'server_vad', threshold: 0.6, prefixPaddingMs: 300, silenceDurationMs: 200 } as const;
    const opened = openSession({ vendor: { ...VENDOR, turnDetection }, clock, connect: memoryConnect(fake), limits: LIMITS });
    await clock.advanceTo(200);
    opened.session.append(sine(400, 8000), 8000);
    opened.session.append(new Int16Array(8000 * 0.24), 8000);
    // On its way while the server's own answer is.
    opened.session.respond('and this as well');
    await clock.advanceTo(6000);
    expect(fake.session.complaints).toEqual(['conversation_already_has_active_response']);
    expect(opened.ear.told.filter((line) => line.startsWith('done'))).toEqual(['done completed', 'done completed']);
    expect(opened.meter.errors).toEqual([]);
  });
});

describe('on a real socket', () => {
  const servers: RealtimeServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function meet(at: Moment, fault: Fault): Promise<Opened & { server: RealtimeServer }> {
    const fake = new FakeRealtime(systemClock, { thinkMs: 5, speed: 50 });
    plan(fake, at, fault);
    const server = await serveRealtime(fake);
    servers.push(server);
    const opened = openSession({ vendor: { ...VENDOR, baseUrl: `http://127.0.0.1:${server.port}/v1` }, clock: systemClock, limits: { connectMs: 1500, firstMs: 300, gapMs: 300 } });
    takeTurn(opened);
    await opened.ear.next('ended');
    return { ...opened, server };
  }

  it.each(FAULTS.filter(([name]) => !['hangs', 'a byte a second'].includes(name)))('%s, in the middle of the audio', async (_name, fault, _before, after) => {
    const { ear, server } = await meet('audio', fault === 'refuse' ? 'reset' : fault);
    expect(ear.error?.code).toBe(fault === 'refuse' ? 'provider_broken' : after);
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it.each([['hang', 'provider_gap_timeout'], ['dribble', 'provider_gap_timeout']] as const)('%s, in the middle of the audio', async (fault, code) => {
    const { ear, server } = await meet('audio', fault);
    expect(ear.error?.code).toBe(code);
    // A server that does not answer our good-bye is left after a second.
    await expect.poll(() => server.sockets.size, { timeout: 4000 }).toBe(0);
  });

  it.each(UPGRADES)('the upgrade is answered with %o', async (fault, code, retryAfterMs) => {
    const { ear } = await meet('connect', fault);
    expect(ear.error).toMatchObject({ code, retryAfterMs });
    expect(ear.error?.message).toContain(`HTTP ${(fault as { http: number }).http}`);
  });

  it.each([['reset', 'provider_unreachable'], ['fin', 'provider_unreachable'], ['garbage', 'provider_unreachable'], ['hang', 'provider_connect_timeout'], ['dribble', 'provider_connect_timeout']] as const)('the upgrade is answered with %s', async (fault, code) => {
    expect((await meet('connect', fault)).ear.error?.code).toBe(code);
  });

  it('nobody listens', async () => {
    const { ear } = openSession({ vendor: { ...VENDOR, baseUrl: 'http://127.0.0.1:9/v1' }, clock: systemClock });
    await ear.next('ended');
    expect(ear.error).toMatchObject({ code: 'provider_unreachable', message: 'openai realtime: the connection failed (ECONNREFUSED)' });
  });

  it('a key that cannot stand in a header is not repeated', async () => {
    const { ear } = openSession({ vendor: { ...VENDOR, apiKey: 'line\nbreak', baseUrl: 'http://127.0.0.1:9/v1' }, clock: systemClock });
    await ear.next('ended');
    expect(ear.error?.code).toBe('provider_rejected');
    expect(ear.error?.message).not.toContain('break');
  });
});

describe('a peer that takes what we send too slowly', () => {
  /** Answers at once and reads `bytesPerMs`. */
  function slowPeer(clock: VirtualClock, bytesPerMs: number): ConnectSocket {
    return (_url, _headers, listener) => {
      let waiting = 0;
      let atMs = 0;
      const drain = (): number => {
        waiting = Math.max(0, waiting - (clock.nowMs() - atMs) * bytesPerMs);
        atMs = clock.nowMs();
        return waiting;
      };
      clock.at(monotonicMs(10), () => listener.open());
      return {
        get bufferedBytes() {
          return drain();
        },
        send(text) {
          drain();
          waiting += text.length;
          if (text.includes('session.update')) clock.at(monotonicMs(clock.nowMs() + 10), () => listener.message('{"type":"session.updated"}'));
        },
        ping: () => void clock.at(monotonicMs(clock.nowMs() + 10), () => listener.alive()),
        close: () => undefined,
      };
    };
  }

  async function speakTo(bytesPerMs: number, burstMs: number): Promise<Opened & { readonly endedMs: number | undefined }> {
    const clock = new VirtualClock();
    const opened = openSession({ vendor: VENDOR, clock, connect: slowPeer(clock, bytesPerMs), limits: LIMITS });
    await clock.advanceTo(100);
    opened.session.append(new Int16Array(burstMs * 16), 16_000);
    for (let ms = 100; ms <= 60_000; ms += 40) {
      await clock.advanceTo(ms);
      opened.session.append(new Int16Array(640), 16_000);
      if (opened.ear.error !== undefined) return { ...opened, endedMs: ms };
    }
    return { ...opened, endedMs: undefined };
  }

  it('that reads nothing is left two seconds after four seconds of audio wait', async () => {
    const { ear, endedMs } = await speakTo(0, 0);
    expect(ear.error?.code).toBe('provider_broken');
    expect(ear.error?.message).toContain('does not take what we send');
    // 65 kB a second against 256 kB, less what counts as a burst.
    expect(endedMs).toBeGreaterThan(5500);
    expect(endedMs).toBeLessThan(7000);
  });

  it('that is given the longest utterance at once has the time to take it', async () => {
    expect((await speakTo(700, 60_000)).endedMs).toBeUndefined();
  });

  it('that takes it more slowly than it is spoken is left', async () => {
    expect((await speakTo(50, 0)).endedMs).toBeGreaterThan(10_000);
  });
});
