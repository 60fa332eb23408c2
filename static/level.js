// @ts-check

/** What a meter shows at its left end. Quieter than a quiet room through a phone's microphone. */
export const FLOOR_DBFS = -60;

/**
 * Level of samples in -1..1: 20·log10(rms), where a square wave at full scale is 0 dBFS (a sine: -3.01).
 * Silence gives -Infinity.
 * @param {Float32Array} samples
 */
export function rmsDbfs(samples) {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    sum += sample * sample;
  }
  return samples.length === 0 ? -Infinity : 10 * Math.log10(sum / samples.length);
}

/**
 * Place on a linear dB scale: 0 at FLOOR_DBFS and below, 1 at 0 dBFS and above.
 * @param {number} levelDbfs
 */
export function meterFraction(levelDbfs) {
  if (Number.isNaN(levelDbfs)) return 0;
  return Math.min(1, Math.max(0, 1 - levelDbfs / FLOOR_DBFS));
}

/**
 * The ballistics of a meter that people can read: it rises at once, falls by 30 dB a second (between the
 * 20 dB in 1.7 s of a PPM after IEC 60268-10 and a bare level), and holds the peak for 1.2 s.
 */
export class Ballistics {
  #levelDbfs = -Infinity;
  #peakDbfs = -Infinity;
  #peakAtMs = -Infinity;
  #lastMs = -Infinity;

  /**
   * @param {number} levelDbfs level measured now
   * @param {number} nowMs
   */
  update(levelDbfs, nowMs) {
    const fallDb = (Math.max(0, nowMs - this.#lastMs) / 1000) * 30;
    const fallen = this.#lastMs === -Infinity ? -Infinity : this.#levelDbfs - fallDb;
    this.#levelDbfs = Math.max(levelDbfs, fallen);
    if (this.#levelDbfs >= this.#peakDbfs || nowMs - this.#peakAtMs > 1200) {
      this.#peakDbfs = this.#levelDbfs;
      this.#peakAtMs = nowMs;
    }
    this.#lastMs = nowMs;
  }

  get levelDbfs() {
    return this.#levelDbfs;
  }

  get peakDbfs() {
    return this.#peakDbfs;
  }
}

/**
 * A level in words: "−32 dB", or "silent" below the scale.
 * @param {number} levelDbfs
 */
export function levelText(levelDbfs) {
  return levelDbfs > FLOOR_DBFS ? `${Math.round(levelDbfs).toString().replace('-', '−')} dBFS` : 'silent';
}
