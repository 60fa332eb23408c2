import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderCode, type ProviderRequest, type Vendor } from '../../../../voice-node/domain/provider.js';
import { monotonicMs } from '../../../../voice-node/domain/time.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { Attempts, type Candidate } from '../../../../voice-node/providers/resilient/attempts.js';
import { CountingMeter, MemoryLog } from '../../call/rig.js';

const LIMITS = { connectMs: 1000, firstMs: 2000, gapMs: 500, totalMs: 5000 };

/** What a scripted provider does, one after another; `wait` hangs until aborted. */
type Act = { readonly waitMs: number } | { readonly wait: 'for ever' } | { readonly connect: true } | { readonly item: string } | { readonly fail: ProviderCode | 'bug'; readonly retryAfterMs?: number };

const wait = (waitMs: number): Act => ({ waitMs });
const forEver: Act = { wait: 'for ever' };
const connect: Act = { connect: true };
const item = (text: string): Act => ({ item: text });
const fail = (code: ProviderCode | 'bug', retryAfterMs?: number): Act => ({ fail: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

class World {
  readonly clock = new VirtualClock();
  readonly meter = new CountingMeter();
  readonly log = new MemoryLog();
  /** Requests under way. */
  open = 0;
  readonly asked: Vendor[] = [];

  pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer?.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = ms === Infinity ? undefined : this.clock.at(monotonicMs(this.clock.nowMs() + ms), done);
      signal.addEventListener('abort', done);
    });
  }

  /** A provider that acts out the first script at its first request, the next one at the next. */
  candidate(vendor: Vendor, ...scripts: readonly (readonly Act[])[]): Candidate<ProviderRequest, string> {
    let requests = 0;
    return {
      vendor,
      limits: LIMITS,
      open: (request) => {
        this.asked.push(vendor);
        return this.#play(scripts[Math.min(requests++, scripts.length - 1)] ?? [], request);
      },
    };
  }

  async *#play(script: readonly Act[], request: ProviderRequest): AsyncGenerator<string> {
    this.open++;
    try {
      for (const act of script) {
        if ('waitMs' in act) await this.pause(act.waitMs, request.signal);
        else if ('wait' in act) await this.pause(Infinity, request.signal);
        else if ('connect' in act) request.connected();
        else if ('item' in act) yield act.item;
        else if (act.fail === 'bug') throw new TypeError('my key is sk-canary');
        else throw new ProviderError(act.fail, 'scripted', { retryAfterMs: act.retryAfterMs });
        if (request.signal.aborted) return;
      }
      request.used('output_tokens', 3);
    } finally {
      this.open--;
    }
  }

  attempts(...candidates: Candidate<ProviderRequest, string>[]): Attempts<ProviderRequest, string> {
    const rules = { size: (text: string) => text.length, maxSize: 100, whole: (last: string | undefined) => last !== undefined, commits: (text: string) => text !== 'partial' };
    return new Attempts('llm', candidates, rules, { clock: this.clock, meter: this.meter, log: this.log, random: () => 0.5 });
  }

  /** Runs one request to its end on virtual time; an abort after `abortMs`. */
  async ask(attempts: Attempts<ProviderRequest, string>, { abortMs, due, slowMs = 0, forMs = 60_000 }: { abortMs?: number; due?: Promise<void>; slowMs?: number; forMs?: number } = {}) {
    const controller = new AbortController();
    const startMs = this.clock.nowMs();
    const items: string[] = [];
    let endMs: number | undefined;
    const work = (async () => {
      try {
        for await (const text of attempts.stream({ signal: controller.signal, connected: () => undefined, used: () => undefined }, due)) {
          items.push(text);
          if (slowMs > 0) await this.pause(slowMs, controller.signal);
        }
        return undefined;
      } catch (error) {
        return error;
      } finally {
        endMs = this.clock.nowMs() - startMs;
      }
    })();
    if (abortMs !== undefined) this.clock.at(monotonicMs(startMs + abortMs), () => controller.abort());
    await this.clock.advanceTo(startMs + forMs);
    const error = (await work) as ProviderError | undefined;
    expect(this.open).toBe(0);
    expect(this.clock.pendingTimers).toBe(0);
    return { items, code: error?.code, message: error?.message, endMs };
  }
}

describe('the four deadlines', () => {
  it.each([
    ['connect', [forEver], 'provider_connect_timeout', 1000],
    ['first result', [wait(300), connect, forEver], 'provider_first_timeout', 2300],
    ['gap', [wait(300), connect, item('a'), wait(400), item('b'), forEver], 'provider_gap_timeout', 1200],
    ['total', [connect, ...Array.from({ length: 40 }, () => [item('a'), wait(400)]).flat()], 'provider_total_timeout', 5000],
  ] as const)('%s', async (_, script, code, endMs) => {
    const world = new World();
    expect(await world.ask(world.attempts(world.candidate('openai', script)))).toMatchObject({ code, endMs });
    expect(world.meter.errors).toEqual([`llm ${code}`]);
  });

  it('does not count the time that the taker takes', async () => {
    const world = new World();
    const script = [connect, ...Array.from({ length: 20 }, () => [wait(100), item('a')]).flat()];
    const { items, code, endMs } = await world.ask(world.attempts(world.candidate('openai', script)), { slowMs: 900 });
    expect(code).toBeUndefined();
    expect(items).toHaveLength(20);
    expect(endMs).toBeGreaterThan(18_000);
  });

  it('counts results only from when they are due, but a connection from the start', async () => {
    const world = new World();
    const due = world.pause(30_000, new AbortController().signal);
    const script = [connect, wait(5000), item('partial'), wait(20_000), item('partial'), wait(6500), item('whole')];
    expect(await world.ask(world.attempts(world.candidate('yandex', script)), { due })).toMatchObject({ code: undefined, items: ['partial', 'partial', 'whole'] });
    // From the end of speech to the final text.
    expect(world.meter.firsts).toEqual(['llm yandex 1500']);
    const late = new World();
    const { code, endMs } = await late.ask(late.attempts(late.candidate('yandex', [forEver])), { due: late.pause(30_000, new AbortController().signal) });
    expect([code, endMs]).toEqual(['provider_connect_timeout', 1000]);
  });

  it('ends at once when nobody wants it any more, wherever it stands', async () => {
    for (const script of [[forEver], [connect, forEver], [connect, item('a'), forEver], [fail('provider_unavailable')]]) {
      const world = new World();
      const { code, endMs } = await world.ask(world.attempts(world.candidate('openai', script), world.candidate('local', [connect, forEver])), { abortMs: 50 });
      expect([code, endMs]).toEqual([undefined, 50]);
    }
  });

  it('takes no more than anybody could want, no empty answer, and repeats no unknown error', async () => {
    const world = new World();
    const flood = Array.from({ length: 30 }, () => item('0123456789'));
    expect(await world.ask(world.attempts(world.candidate('openai', flood)))).toMatchObject({ code: 'provider_overflow' });
    expect(await world.ask(world.attempts(world.candidate('openai', [connect])))).toMatchObject({ code: 'provider_protocol' });
    const { code, message } = await world.ask(world.attempts(world.candidate('openai', [connect, fail('bug')])));
    expect(code).toBe('provider_unreachable');
    expect(message).not.toContain('canary');
    expect(JSON.stringify(world.log.lines)).not.toContain('canary');
  });
});

describe('a list of providers', () => {
  it('tries the same one again where it was only busy, after a while', async () => {
    const world = new World();
    const first = world.candidate('openai', [wait(10), fail('provider_unavailable')], [connect, item('a')]);
    // Full jitter: half of 200 ms.
    expect(await world.ask(world.attempts(first, world.candidate('local')))).toMatchObject({ items: ['a'], endMs: 110 });
    expect(world.asked).toEqual(['openai', 'openai']);
    expect(world.meter.used).toEqual(['openai output_tokens 3']);
  });

  it('goes on to the next one within the same request', async () => {
    for (const [code, asked] of [
      ['provider_auth', ['openai', 'local']],
      ['provider_rejected', ['openai', 'local']],
      ['provider_protocol', ['openai', 'local']],
      ['provider_unavailable', ['openai', 'openai', 'local']],
    ] as const) {
      const world = new World();
      const outcome = await world.ask(world.attempts(world.candidate('openai', [fail(code)]), world.candidate('local', [connect, item('b')])));
      expect(outcome).toMatchObject({ items: ['b'], code: undefined });
      expect(world.asked).toEqual(asked);
    }
  });

  it('waits as long as it is asked to, if that is short; goes on otherwise', async () => {
    const short = new World();
    const again = short.candidate('openai', [fail('provider_rate_limited', 700)], [item('a')]);
    expect(await short.ask(short.attempts(again))).toMatchObject({ items: ['a'], endMs: 700 });
    const long = new World();
    expect(await long.ask(long.attempts(long.candidate('openai', [fail('provider_rate_limited', 20_000)]), long.candidate('local', [item('b')])))).toMatchObject({ items: ['b'], endMs: 0 });
  });

  it('never repeats what was said', async () => {
    const world = new World();
    const outcome = await world.ask(world.attempts(world.candidate('openai', [connect, item('half'), fail('provider_broken')]), world.candidate('local', [item('whole')])));
    expect(outcome).toMatchObject({ items: ['half'], code: 'provider_broken' });
    expect(world.asked).toEqual(['openai']);
  });

  it('lets the next one take over where what came was only provisional', async () => {
    const world = new World();
    const outcome = await world.ask(world.attempts(world.candidate('yandex', [connect, item('partial'), fail('provider_protocol')]), world.candidate('local', [item('whole')])));
    expect(outcome).toMatchObject({ items: ['partial', 'whole'], code: undefined });
  });

  it('asks one that has failed last for a while, and forgives it', async () => {
    const world = new World();
    const attempts = world.attempts(world.candidate('openai', [fail('provider_auth')], [item('a')]), world.candidate('local', [item('b')]));
    expect((await world.ask(attempts, { forMs: 5000 })).items).toEqual(['b']);
    // 5 s later it still rests, 11 s later it does not.
    expect((await world.ask(attempts, { forMs: 6000 })).items).toEqual(['b']);
    expect((await world.ask(attempts)).items).toEqual(['a']);
    expect(world.asked).toEqual(['openai', 'local', 'local', 'openai']);
  });

  it('throws the last one\'s error when nothing helps', async () => {
    const world = new World();
    const outcome = await world.ask(world.attempts(world.candidate('openai', [fail('provider_auth')]), world.candidate('local', [connect, forEver])));
    expect(outcome).toMatchObject({ code: 'provider_first_timeout', endMs: 2000 });
    expect(world.log.lines.map(({ fields }) => [fields.vendor, fields.next])).toEqual([['openai', 'next'], ['local', 'none']]);
  });
});
