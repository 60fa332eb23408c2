import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { same } from '../hearing/scripted.js';
import { largestStep, playerRig, sine48 } from './player-rig.js';

const FADE = 240;

describe('holding a reply', () => {
  it('is silent within one packet, and goes on with the very next sample', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 700 }), fc.integer({ min: 0, max: 900 }), fc.boolean(), (beforeMs, pauseMs, ducked) => {
        const rig = playerRig();
        const said = Int16Array.from({ length: 48_000 }, (_, i) => 3000 + (i % 20_000));
        rig.player.begin(1);
        rig.player.write(1, said, 0, 48_000);
        rig.player.end(1);
        rig.run(beforeMs);
        if (ducked) rig.player.duck(true);
        rig.player.hold();
        const at = rig.frames.length;
        const heldAt = Math.round(rig.player.heardMs * 48);
        rig.run(pauseMs);
        expect(rig.frames.slice(at).every((frame) => frame.every((x) => x === 0))).toBe(true);
        rig.player.resume();
        rig.run(3000);
        // Every sample was sent once, in order, at its level but for the two fades and the lowered stretch.
        const sent = rig.sent();
        const fades = ducked ? FADE + 480 : FADE;
        const first = rig.frames.findIndex((frame) => frame[0] !== 0) * 480;
        expect(same(sent.slice(first, first + heldAt - fades), said.slice(0, heldAt - fades))).toBe(true);
        const rest = said.slice(heldAt + FADE);
        // After the last sample its value fades away.
        const end = sent.lastIndexOf(said.at(-1) as number) + 1;
        expect(same(sent.slice(end - rest.length, end), rest)).toBe(true);
        expect(rig.said.at(-1)).toBe('finished 1 1000');
        expect(rig.said.filter((line) => line.startsWith('starved') || line.startsWith('resumed'))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('makes no click on the way down or up', () => {
    const rig = playerRig();
    const tone = sine48(48_000, 440, 8000);
    rig.player.begin(1);
    rig.player.write(1, tone, 0, 48_000);
    rig.run(200);
    rig.player.duck(true);
    rig.run(60);
    rig.player.hold();
    rig.run(200);
    rig.player.resume();
    rig.run(200);
    rig.player.duck(false);
    rig.run(200);
    expect(largestStep(rig.sent())).toBeLessThan(2 * largestStep(tone));
  });

  it('finishes a reply that had ended only after it goes on; a cut in between forgets it', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, sine48(4800, 440, 8000), 0, 48_000);
    rig.player.end(1);
    rig.run(40);
    rig.player.hold();
    rig.run(500);
    expect(rig.said.some((line) => line.startsWith('finished'))).toBe(false);
    rig.player.resume();
    rig.run(500);
    expect(rig.said.at(-1)).toBe('finished 1 100');

    rig.player.begin(2);
    rig.player.write(2, sine48(24_000, 440, 8000), 0, 48_000);
    rig.run(100);
    rig.player.hold();
    expect(rig.player.cut()?.heardMs).toBe(105);
    rig.player.resume();
    const at = rig.frames.length;
    rig.run(200);
    expect(rig.frames.slice(at).every((frame) => frame.every((x) => x === 0))).toBe(true);
  });

  it('takes no more than its bound while it is held, and wakes the writer afterwards', () => {
    const rig = playerRig({ queueMs: 200 });
    rig.player.begin(1);
    expect(rig.player.write(1, sine48(48_000, 440, 8000), 0, 48_000)).toBe(9600);
    rig.run(40);
    rig.player.hold();
    rig.run(1000);
    const before = rig.counts.room;
    rig.player.resume();
    rig.run(200);
    expect(rig.counts.room).toBeGreaterThan(before);
  });
});

describe('lowering the voice', () => {
  it('is 12 dB down within 5 ms of the next packet, and back within 60', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, new Int16Array(48_000).fill(8000), 0, 48_000);
    rig.run(100);
    rig.player.duck(true);
    const down = rig.frames.length;
    rig.run(100);
    const ducked = rig.sent().subarray(down * 480);
    expect(ducked.subarray(FADE).every((x) => x === 2000)).toBe(true);
    rig.player.duck(false);
    const up = rig.frames.length;
    rig.run(100);
    const raised = rig.sent().subarray(up * 480);
    expect(raised[2879]).toBe(8000);
    expect(raised.every((x, i) => i === 0 || x >= (raised[i - 1] as number))).toBe(true);
  });

  it('is over with the reply', () => {
    const rig = playerRig();
    rig.player.begin(1);
    rig.player.write(1, new Int16Array(4800).fill(8000), 0, 48_000);
    rig.run(40);
    rig.player.duck(true);
    rig.player.cut();
    rig.player.begin(2);
    rig.player.write(2, new Int16Array(4800).fill(8000), 0, 48_000);
    const at = rig.frames.length;
    rig.run(40);
    expect(rig.sent().subarray(at * 480 + 480).every((x) => x === 8000)).toBe(true);
  });
});
