import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { largestStep, playerRig, sine48 } from './player-rig.js';

const ramp = (samples: number, from = 1): Int16Array => Int16Array.from({ length: samples }, (_, i) => ((from + i) % 30_000) + 1);

describe('pace', () => {
  it('sends two frames every 20 ms, silence where there is nothing to say', () => {
    const rig = playerRig();
    rig.run(10_000);
    expect(rig.frames).toHaveLength(1000);
    expect(rig.counts).toMatchObject({ sent: 1000, lost: 0, late: 0 });
    expect(rig.sent().every((x) => x === 0)).toBe(true);
    expect(rig.player.nextTickMs).toBe(15_000);
  });

  it('does nothing when it is called early', () => {
    const rig = playerRig();
    for (let ms = 0; ms < 20; ms += 0.5) rig.player.tick(monotonicMs(100 + ms));
    expect(rig.frames).toHaveLength(2);
  });

  it('catches up after a short stall, and is back on its grid', () => {
    const rig = playerRig();
    rig.player.tick(monotonicMs(0));
    rig.player.tick(monotonicMs(45));
    expect(rig.frames).toHaveLength(6);
    expect(rig.counts).toMatchObject({ late: 1, skippedMs: 0 });
    expect(rig.player.nextTickMs).toBe(60);
  });

  it('moves its schedule after a long stall instead of playing a backlog', () => {
    const rig = playerRig();
    rig.player.tick(monotonicMs(0));
    rig.player.tick(monotonicMs(1005));
    // 50 packets were due, 3 are sent.
    expect(rig.frames).toHaveLength(2 + 6);
    expect(rig.counts).toMatchObject({ late: 1, skippedMs: 940 });
    expect(rig.player.nextTickMs).toBe(1020);
    rig.player.tick(monotonicMs(1020));
    expect(rig.frames).toHaveLength(10);
  });

  it('never sends more than is due or catches up beyond its bound, whenever it is called', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1200 }).map((quarters) => quarters / 4), { minLength: 1, maxLength: 100 }), (waits) => {
        const rig = playerRig();
        let nowMs = 1000;
        let before = 0;
        for (const waitMs of waits) {
          nowMs += waitMs;
          rig.player.tick(monotonicMs(nowMs));
          expect(rig.frames.length - before).toBeLessThanOrEqual(6);
          before = rig.frames.length;
          expect(rig.player.nextTickMs).toBeGreaterThan(nowMs);
          expect(rig.player.nextTickMs).toBeLessThanOrEqual(nowMs + 20.001);
        }
        const elapsedMs = nowMs - (1000 + (waits[0] as number));
        expect(rig.frames.length * 10 + rig.counts.skippedMs).toBeCloseTo((Math.floor(elapsedMs / 20) + 1) * 20, 5);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a reply', () => {
  it('is played sample by sample, in order, and its length is told', () => {
    const rig = playerRig();
    const audio = ramp(4_321);
    rig.player.begin(1);
    expect(rig.player.write(1, audio.subarray(0, 1000), 0, 48_000)).toBe(1000);
    expect(rig.player.write(1, audio, 1000, 48_000)).toBe(3321);
    rig.player.end(1);
    rig.run(200);
    // All but the edge, which fades: 4321 is one sample into a frame.
    expect(rig.sent().slice(0, 4321)).toEqual(audio);
    expect(rig.said).toEqual(['started 1', 'audible 1', `finished 1 ${4321 / 48}`]);
  });

  it('is told in the order of what happens, and a quiet beginning is not its audible one', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, new Int16Array(4800), 0, 48_000);
    rig.player.write(1, new Int16Array(480).fill(32), 0, 48_000);
    rig.player.write(1, new Int16Array(480).fill(33), 0, 48_000);
    rig.player.end(1);
    rig.run(100);
    expect(rig.said).toEqual(['started 1']);
    rig.run(20);
    expect(rig.said).toEqual(['started 1', 'audible 1']);
  });

  it('ends without audio as well', () => {
    const rig = playerRig();
    rig.player.begin(3);
    rig.player.end(3);
    rig.run(20);
    expect(rig.said).toEqual(['finished 3 0']);
  });

  it('waits for a whole packet before its first word, unless it is shorter', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, ramp(959), 0, 48_000);
    rig.run(100);
    expect(rig.said).toEqual([]);
    rig.player.write(1, ramp(1), 0, 48_000);
    rig.run(20);
    expect(rig.said).toEqual(['started 1', 'audible 1']);
    const short = playerRig();
    short.player.begin(1);
    short.player.write(1, ramp(10), 0, 48_000);
    short.player.end(1);
    short.run(20);
    expect(short.said).toEqual(['started 1', `finished 1 ${10 / 48}`]);
  });

  it('starves, says so once, and goes on', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, sine48(2400, 500, 9000), 0, 48_000);
    rig.run(200);
    expect(rig.said).toEqual(['started 1', 'audible 1', 'starved 1']);
    expect(rig.player.heardMs).toBe(50);
    rig.player.write(1, sine48(2400, 500, 9000), 0, 48_000);
    rig.run(20);
    rig.player.end(1);
    rig.run(200);
    expect(rig.said).toEqual(['started 1', 'audible 1', 'starved 1', 'resumed 1', 'finished 1 100']);
    expect(largestStep(rig.sent())).toBeLessThan(2 * largestStep(sine48(2400, 500, 9000)));
  });

  it('keeps the bound of its queue, and calls for more when half of it is free', () => {
    const rig = playerRig({ queueMs: 200 });
    rig.player.begin(1);
    const audio = new Int16Array(8000).fill(50);
    const taken = rig.player.write(1, audio, 0, 8000);
    expect(rig.player.queuedMs).toBeLessThanOrEqual(200);
    expect(taken).toBe(1600);
    expect(rig.player.write(1, audio, taken, 8000)).toBe(0);
    rig.run(80);
    expect(rig.counts.room).toBe(0);
    rig.run(20);
    expect(rig.counts.room).toBe(1);
    expect(rig.player.write(1, audio, taken, 8000)).toBeGreaterThan(700);
  });

  it('counts what of it is refused, and no silence; refused frames are not heard of as audible', () => {
    const rig = playerRig();
    rig.refuse = true;
    rig.run(1000);
    expect(rig.counts).toMatchObject({ sent: 0, lost: 0 });
    rig.player.begin(1);
    rig.player.write(1, ramp(9600), 0, 48_000);
    rig.run(100);
    expect(rig.counts).toMatchObject({ sent: 0, lost: 10 });
    expect(rig.said).toEqual(['started 1']);
    rig.refuse = false;
    rig.run(20);
    expect(rig.said).toEqual(['started 1', 'audible 1']);
    rig.refuse = true;
    rig.player.cut();
    rig.run(1000);
    expect(rig.counts.lost).toBe(10 + 1);
  });

  it('takes nothing of another generation, nor after its end', () => {
    const rig = playerRig();
    expect(rig.player.write(0, ramp(10), 0, 48_000)).toBe(-1);
    rig.player.begin(2);
    expect(rig.player.write(1, ramp(10), 0, 48_000)).toBe(-1);
    expect(rig.player.write(3, ramp(10), 0, 48_000)).toBe(-1);
    rig.player.end(1);
    expect(rig.player.write(2, ramp(10), 0, 48_000)).toBe(10);
    rig.player.end(2);
    expect(rig.player.write(2, ramp(10), 0, 48_000)).toBe(-1);
  });
});

describe('a cut', () => {
  it('is silent at once but for a fade of 5 ms, and tells what was heard to the sample', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, sine48(48_000, 400, 12_000), 0, 48_000);
    rig.run(100);
    const { length } = rig.frames;
    const cut = rig.player.cut();
    expect(cut).toEqual({ heardMs: 105, droppedMs: 895 });
    expect(rig.frames).toHaveLength(length + 2);
    const fade = rig.frames[length] as Int16Array;
    expect(fade.subarray(240).every((x) => x === 0)).toBe(true);
    expect(fade.subarray(0, 240).some((x) => Math.abs(x) > 1000)).toBe(true);
    // The packet sent ahead takes the place of the next one.
    expect(rig.player.nextTickMs).toBe(5120);
    rig.run(500);
    expect(rig.sent().subarray((length + 1) * 480).every((x) => x === 0)).toBe(true);
    expect(rig.player.cut()).toBeUndefined();
    expect(rig.said).toEqual(['started 1', 'audible 1']);
  });

  it('of a reply that has not begun to sound sends nothing', () => {
    const rig = playerRig();
    rig.run(20);
    rig.player.begin(1);
    rig.player.write(1, ramp(4800), 0, 48_000);
    expect(rig.player.cut()).toEqual({ heardMs: 0, droppedMs: 100 });
    expect(rig.frames).toHaveLength(2);
  });

  it('lets whoever waits for room know', () => {
    const rig = playerRig({ queueMs: 200 });
    rig.player.begin(1);
    rig.player.write(1, ramp(48_000), 0, 48_000);
    rig.player.cut();
    expect(rig.counts.room).toBe(1);
  });

  it('makes no click, wherever it falls: at the end of the queue, between frames, in a gap', () => {
    // 430 Hz: at the end of a frame the sine is anywhere but near zero.
    const smooth = largestStep(sine48(4800, 430, 12_000));
    for (const samples of [960, 961, 1000, 1438, 1439, 1440, 1441, 1900, 9600]) {
      for (const ms of [20, 40, 60]) {
        for (const how of ['cut', 'end', 'starve'] as const) {
          const rig = playerRig();
          rig.player.begin(1);
          rig.player.write(1, sine48(samples, 430, 12_000), 0, 48_000);
          if (how === 'end') rig.player.end(1);
          rig.run(ms);
          if (how === 'cut') rig.player.cut();
          rig.run(300);
          // A fade of 2.5 ms adds amplitude / 120 * pi / 2 a sample at most.
          expect(largestStep(rig.sent())).toBeLessThanOrEqual(smooth + 12_000 * (Math.PI / 2 / 120) + 1);
        }
      }
    }
  });

  it('lets not one sample of an old generation through, whatever is written, cut and ticked', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('write' as const), samples: fc.integer({ min: 1, max: 3000 }), old: fc.boolean() }),
      fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 0, max: 150 }) }),
      fc.record({ do: fc.constantFrom('cut' as const, 'begin' as const, 'end' as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const rig = playerRig({ queueMs: 200 });
        let generation = 0;
        let playing = false;
        // Every sample of generation g is 100 g: fades lie below it, and above the ones before.
        const level = (g: number): number => 100 * (g % 300);
        let heardFrom = 0;
        let written = 0;
        for (const step of actions) {
          if (step.do === 'tick') rig.run(step.ms);
          else if (step.do === 'write') {
            const which = step.old ? generation - 1 : generation;
            const taken = rig.player.write(which, new Int16Array(step.samples).fill(level(which)), 0, 48_000);
            if (step.old) expect(taken).toBe(-1);
            else if (taken > 0) written += taken;
          } else if (step.do === 'end') rig.player.end(generation);
          else {
            const cut = rig.player.cut();
            if (cut !== undefined) expect((cut.heardMs + cut.droppedMs) * 48).toBeCloseTo(written, 6);
            playing = false;
            for (const frame of rig.frames.slice(heardFrom)) expect(Math.max(...frame)).toBeLessThanOrEqual(level(generation));
            heardFrom = rig.frames.length;
            if (step.do === 'begin') {
              rig.player.begin(++generation);
              playing = true;
              written = 0;
            }
          }
          if (!playing) {
            const since = rig.frames.slice(heardFrom);
            expect(since.every((frame) => frame.every((x) => x === 0))).toBe(true);
          }
          expect(rig.player.queuedMs).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('may come from within what the player tells', () => {
    const rig = playerRig();
    const { player, frames } = rig;
    player.begin(1);
    player.write(1, ramp(9600), 0, 48_000);
    const push = rig.said.push.bind(rig.said);
    rig.said.push = (what: string) => {
      if (what === 'audible 1') player.cut();
      return push(what);
    };
    rig.run(200);
    // The first frame, the fade, and silence after that.
    expect(frames.slice(2).every((frame) => frame.every((x) => x === 0))).toBe(true);
    expect(frames[1]?.subarray(240).every((x) => x === 0)).toBe(true);
  });
});
