import { describe, expect, it } from 'vitest';

import { Recorder } from '../../../voice-node/hearing/recorder.js';
import { ramp, same } from './scripted.js';

const FRAME = 160;

function recorderAt(frames: number, lookback = 25, max = 3000): { recorder: Recorder; samples: Int16Array; push: (to: number) => void } {
  const recorder = new Recorder(FRAME, lookback, max);
  const samples = ramp(FRAME * 4000);
  let at = 0;
  const push = (to: number): void => {
    for (; at < to; at++) recorder.push(samples.subarray(at * FRAME, (at + 1) * FRAME));
  };
  push(frames);
  return { recorder, samples, push };
}

describe('recorder', () => {
  it.each([1, 49, 50, 51, 100, 1234])('keeps %i frames sample by sample', (length) => {
    const { recorder, samples, push } = recorderAt(777);
    recorder.begin(760);
    push(760 + Math.max(17, length));
    expect(same(recorder.finish(760 + length), samples.slice(760 * FRAME, (760 + length) * FRAME))).toBe(true);
  });

  it('reaches back as far as it was built for, and no further', () => {
    const { recorder, samples } = recorderAt(100);
    recorder.begin(0);
    expect(same(recorder.finish(100), samples.slice(75 * FRAME, 100 * FRAME))).toBe(true);
  });

  it('keeps no more than its bound', () => {
    const { recorder, samples, push } = recorderAt(100, 25, 200);
    recorder.begin(100);
    push(500);
    expect(same(recorder.finish(500), samples.slice(100 * FRAME, 300 * FRAME))).toBe(true);
  });

  it('begins again after a drop', () => {
    const { recorder, samples, push } = recorderAt(50);
    recorder.begin(40);
    push(90);
    recorder.drop();
    push(95);
    recorder.begin(80);
    expect(same(recorder.finish(95), samples.slice(80 * FRAME, 95 * FRAME))).toBe(true);
  });

  it('hands over audio of its own', () => {
    const { recorder, samples, push } = recorderAt(50);
    recorder.begin(40);
    const first = recorder.finish(50);
    recorder.begin(40);
    push(60);
    recorder.finish(60);
    expect(same(first, samples.slice(40 * FRAME, 50 * FRAME))).toBe(true);
  });

  it('holds little between utterances, however long the last one was', () => {
    const { recorder, push } = recorderAt(50);
    const idle = recorder.bytes;
    expect(idle).toBe(25 * FRAME * 2);
    recorder.begin(50);
    push(3050);
    expect(recorder.bytes).toBe(idle + 3000 * FRAME * 2);
    recorder.finish(3050);
    expect(recorder.bytes).toBe(idle + 100 * FRAME * 2);
  });
});
