import { describe, expect, it } from 'vitest';
import type { Denoiser } from '../../../voice-node/domain/denoiser.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { peak } from '../../../voice-node/dsp/level.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { ready, rigOf } from './rig.js';

/** Takes half of everything for noise. */
class Halver implements Denoiser {
  readonly rateHz = 48_000;
  readonly frameSamples = 480;
  readonly delaySamples = 0;
  closes = 0;
  fails = false;
  framesAfterClose = 0;

  process(frame: Int16Array): void {
    if (this.closes > 0) this.framesAfterClose++;
    if (this.fails) throw new VoiceNodeError('denoise_failed', 'scripted');
    for (let i = 0; i < frame.length; i++) frame[i] = (frame[i] as number) >> 1;
  }

  reset(): void {
    // Keeps no state.
  }

  close(): void {
    this.closes++;
  }
}

describe('a call with a denoiser', () => {
  it('says so, lets the orchestrator hear what is clean, and closes it when all is over', async () => {
    const denoiser = new Halver();
    const rig = await ready(rigOf(new EchoOrchestrator(), { denoiser }));
    await rig.speak(400, 0);
    await rig.speak(1000, 8000);
    await rig.speak(3000, 0);
    expect(rig.line.events[0]).toMatchObject({ type: 'call', detector: 'energy', denoise: true });
    expect(rig.meter.turns).toMatchObject([{ turn: 1, end: 'answered' }]);
    expect(peak(rig.sent())).toBeGreaterThan(3800);
    expect(peak(rig.sent())).toBeLessThan(4200);
    expect(denoiser.closes).toBe(0);
    rig.line.leave();
    expect(await rig.over()).toBe('caller_left');
    expect([denoiser.closes, denoiser.framesAfterClose]).toEqual([1, 0]);
  });

  it('ends as failed, by its own name, where the denoiser breaks down', async () => {
    const denoiser = new Halver();
    const rig = await ready(rigOf(new EchoOrchestrator(), { denoiser }));
    await rig.speak(200, 0);
    denoiser.fails = true;
    await rig.speak(20, 0);
    expect(await rig.over()).toBe('failed');
    expect(rig.line.events).toContainEqual(expect.objectContaining({ type: 'error', code: 'denoise_failed' }));
    expect(rig.meter.errors).toEqual(['denoise denoise_failed']);
    expect(denoiser.closes).toBe(1);
  });
});
