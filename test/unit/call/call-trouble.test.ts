import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { CallEnd } from '../../../voice-node/domain/observer.js';
import type { Reply } from '../../../voice-node/domain/orchestrator.js';
import type { Line, LineEnd } from '../../../voice-node/domain/transport.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import type { MemoryLine } from '../../../voice-node/transports/memory.js';
import { LIMITS } from './core-driver.js';
import { orchestratorOf, ready, rigOf, WatchedDetector, type Rig } from './rig.js';

function expectClean(rig: Rig, end?: CallEnd): void {
  expect(rig.clock.pendingTimers).toBe(0);
  expect(rig.ends).toHaveLength(1);
  if (end !== undefined) expect(rig.ends).toEqual([end]);
  expect(rig.detector.closes).toBe(1);
  expect(rig.detector.pushesAfterClose).toBe(0);
}

const boom = (): never => {
  throw new Error('boom');
};

/** A line of which some methods are others. */
function lineWith(changes: Partial<Line>) {
  return (inner: MemoryLine): Line =>
    new Proxy(inner, {
      get(target, name) {
        const own = (changes as Record<PropertyKey, unknown>)[name];
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
}

describe('an orchestrator that throws', () => {
  it('when it is opened, ends the call', async () => {
    const rig = await ready(rigOf({ mode: 'test', open: boom }));
    expect(rig.call.phase).toBe('ended');
    expect(await rig.over()).toBe('failed');
    expect(rig.meter.errors).toEqual(['orchestrator answer_failed']);
    expectClean(rig, 'failed');
  });

  it('everywhere else, costs its turns and no more', async () => {
    const rig = await ready(
      rigOf(orchestratorOf(() => ({ hear: boom, speechStarted: boom, speechEnded: boom, speechDropped: boom, stopPlayback: boom, playbackFinished: boom, close: boom }))),
    );
    for (let i = 0; i < 3; i++) {
      await rig.speak(600, 8000);
      await rig.speak(1000, 0);
    }
    expect(rig.meter.turns.map((turn) => turn.end)).toEqual(['failed', 'failed', 'failed']);
    expect(rig.call.phase).toBe('listening');
    // hear failed 240 times and was told of once.
    expect(rig.meter.errors.length).toBeLessThan(10);
    rig.call.hangUp('shutdown');
    expect(await rig.over()).toBe('shutdown');
    expectClean(rig, 'shutdown');
  });

  it('is told of again once it has worked in between', async () => {
    let frames = 0;
    const rig = await ready(rigOf(orchestratorOf(() => ({ hear: () => (frames++ % 10 === 0 ? boom() : undefined) }))));
    await rig.speak(1000, 0);
    expect(rig.meter.errors).toHaveLength(5);
  });

  it('by answering everything with a new reply, is stopped before it stops the process', async () => {
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => ({
          speechEnded: (turn) => {
            host.beginReply(turn);
            host.beginReply(turn);
          },
          stopPlayback: () => void host.beginReply(),
        })),
      ),
    );
    await rig.speak(600, 8000);
    await rig.speak(1000, 0);
    expect(await rig.over()).toBe('failed');
    expectClean(rig, 'failed');
  });

  it('rejects nothing and hangs nowhere when its replies are cut in the middle', async () => {
    const results: (boolean | undefined)[] = [];
    let reply: Reply | undefined;
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => ({
          speechEnded(turn) {
            reply = host.beginReply(turn);
            for (let i = 0; i < 4; i++) {
              const at = results.push(undefined) - 1;
              void reply.audio(new Int16Array(8000 * 2).fill(900), 8000).then((taken) => (results[at] = taken));
            }
            reply.end();
          },
        })),
      ),
    );
    await rig.speak(600, 8000);
    await rig.speak(1000, 0);
    expect(results).toEqual([true, undefined, undefined, undefined]);
    await rig.speak(200, 8000);
    expect(results).toEqual([true, false, false, false]);
    expect(reply?.signal.aborted).toBe(true);
    // 8 s were handed in, at most a second was played.
    expect(rig.meter.dropped.reply_stale).toBeGreaterThan(600);
    rig.call.hangUp('shutdown');
    await rig.over();
    expectClean(rig, 'shutdown');
  });

  it('with audio of a rate that nobody knows, fails that reply alone', async () => {
    for (const rateHz of [0, -1, NaN, 12_345]) {
      const rig = await ready(
        rigOf(
          orchestratorOf((host) => ({
            speechEnded(turn) {
              void host.beginReply(turn).audio(new Int16Array(800), rateHz);
            },
          })),
        ),
      );
      await rig.speak(600, 8000);
      await rig.speak(1000, 0);
      expect(rig.meter.turns).toMatchObject([{ end: 'failed' }]);
      expect(rig.meter.errors).toEqual(['orchestrator audio_format']);
      expect(rig.call.phase).toBe('listening');
    }
  });
});

describe('a detector that throws', () => {
  it('ends the call once, and is closed', async () => {
    class Failing extends WatchedDetector {
      override push(frame: Int16Array): number {
        if (this.pushes > 20) throw new Error('no more');
        return super.push(frame);
      }
    }
    const detector = new Failing();
    const rig = await ready(rigOf(new EchoOrchestrator(), { detector }));
    await rig.speak(1000, 8000);
    expect(await rig.over()).toBe('failed');
    expect(rig.meter.errors).toEqual(['vad vad_failed']);
    expect(detector.closes).toBe(1);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('even while it is closed, does not keep the call from ending', async () => {
    class Failing extends WatchedDetector {
      override close(): void {
        super.close();
        boom();
      }
    }
    const detector = new Failing();
    const rig = await ready(rigOf(new EchoOrchestrator(), { detector }));
    rig.call.hangUp('shutdown');
    expect(await rig.over()).toBe('shutdown');
  });
});

describe('a line that fails', () => {
  it('never opens', async () => {
    const rig = rigOf(new EchoOrchestrator(), { line: lineWith({ open: () => new Promise(() => undefined) }) });
    rig.call.start();
    await rig.clock.advanceTo(LIMITS.connectMs - 1);
    expect(rig.call.phase).toBe('connecting');
    expect(await rig.over()).toBe('failed');
    expectClean(rig, 'failed');
  });

  it('rejects, or throws, while it is opened', async () => {
    for (const open of [() => Promise.reject(new VoiceNodeError('transport_connect', 'no')), boom]) {
      const rig = rigOf(new EchoOrchestrator(), { line: lineWith({ open }) });
      rig.call.start();
      expect(await rig.over()).toBe('failed');
      // The line's fault, nobody who answers.
      expect(rig.meter.errors).toEqual([]);
      expectClean(rig, 'failed');
    }
  });

  it('opens only after the call has ended', async () => {
    let opened: (() => void) | undefined;
    const rig = rigOf(new EchoOrchestrator(), { line: lineWith({ open: () => new Promise<void>((resolve) => (opened = resolve)) }) });
    rig.call.start();
    rig.call.hangUp('shutdown');
    opened?.();
    expect(await rig.over()).toBe('shutdown');
    expect(rig.frames).toHaveLength(0);
    expectClean(rig, 'shutdown');
  });

  it('never closes, rejects, or throws while it is closed', async () => {
    for (const close of [() => new Promise<void>(() => undefined), () => Promise.reject(new Error('no')), boom]) {
      const rig = await ready(rigOf(new EchoOrchestrator(), { line: lineWith({ close }) }));
      rig.call.hangUp('shutdown');
      expect(await rig.over()).toBe('shutdown');
      expectClean(rig, 'shutdown');
    }
  });

  it('throws from any of its methods: this call ends, and no exception gets out', async () => {
    for (const name of ['send', 'setAgentState', 'publish', 'transcript'] as const) {
      const rig = rigOf(new EchoOrchestrator(), { line: lineWith({ [name]: boom }) });
      rig.call.start();
      await rig.clock.advanceTo(0);
      rig.line.join();
      await rig.speak(600, 8000);
      await rig.speak(3000, 0);
      // The echo says no words.
      if (name === 'transcript') rig.call.hangUp('shutdown');
      expect(await rig.over()).toBe(name === 'transcript' ? 'shutdown' : 'failed');
      if (name !== 'transcript') expect(rig.log.at('error')).toContain('a bug; the call ends');
      expectClean(rig);
    }
  });

  it('tells of its end from within being told something', async () => {
    const found: { rig?: Rig } = {};
    const setAgentState = (state: string): void => {
      if (state === 'speaking') found.rig?.line.drop('lost');
    };
    const rig = await ready(rigOf(new EchoOrchestrator(), { line: lineWith({ setAgentState }) }));
    found.rig = rig;
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    expect(await rig.over()).toBe('lost');
    expect(rig.meter.turns).toMatchObject([{ turn: 1, end: 'interrupted' }]);
    expectClean(rig, 'lost');
  });
});

describe('hanging up', () => {
  const reach: Readonly<Record<string, (rig: Rig) => Promise<unknown>>> = {
    connecting: () => Promise.reject(new Error('needs no going')),
    waiting: (rig) => rig.clock.advanceTo(10),
    listening: (rig) => ready(rig),
    hearing: async (rig) => (await ready(rig)).speak(600, 8000),
    speaking: async (rig) => {
      await ready(rig);
      await rig.speak(600, 8000);
      await rig.speak(700, 0);
    },
  };
  const ways: Readonly<Record<string, (rig: Rig) => void>> = {
    hangUp: (rig) => rig.call.hangUp('shutdown'),
    ...Object.fromEntries((['caller_left', 'removed', 'room_closed', 'superseded', 'lost', 'closed_by_us', 'no_media'] as LineEnd[]).map((end) => [end, (rig: Rig) => rig.line.drop(end)])),
  };

  it('is clean in every phase, in every way, and twice', async () => {
    for (const [phase, go] of Object.entries(reach)) {
      for (const hang of Object.values(ways)) {
        const rig = rigOf(new EchoOrchestrator());
        if (phase === 'connecting' || phase === 'waiting') rig.call.start();
        // Awaiting anything connects a line that is at hand.
        if (phase !== 'connecting') await go(rig);
        expect(rig.call.phase).toBe(phase);
        hang(rig);
        if (rig.call.phase !== 'ended') rig.call.hangUp('failed');
        // What comes too late.
        const { length } = rig.line.events;
        rig.line.speak(new Int16Array(960));
        rig.line.join();
        rig.line.leave();
        rig.call.hangUp('failed');
        await rig.over();
        expectClean(rig);
        expect(rig.line.events).toHaveLength(length);
      }
    }
  });

  it('leaves nothing behind at any moment of a dialogue', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 250 }), async (atFrame) => {
        const rig = await ready(rigOf(new EchoOrchestrator()));
        for (let i = 0; i < atFrame; i++) await rig.speak(20, i % 80 < 30 ? 8000 : 0);
        rig.call.hangUp('shutdown');
        expect(await rig.over()).toBe('shutdown');
        expectClean(rig, 'shutdown');
      }),
      { numRuns: 25 },
    );
  });
});
