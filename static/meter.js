// @ts-check

import { rmsDbfs } from './level.js';

/**
 * Measures the level of audio tracks in an AudioContext. It plays nothing.
 */
export class Meter {
  #context;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #analyser;
  #samples;

  /** @param {AudioContext} context */
  constructor(context) {
    this.#context = context;
    this.#analyser = context.createAnalyser();
    // 1024 samples are 21 ms at 48 kHz: read once per picture (16.7 ms at 60 Hz), so that no sample is missed.
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
  }

  /** @param {MediaStreamTrack | null} track null: measure nothing */
  listen(track) {
    this.#source?.disconnect();
    this.#source = track === null ? null : this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source?.connect(this.#analyser);
  }

  /** RMS level of the last 21 ms in dBFS; -Infinity for silence, or with no track. */
  read() {
    if (this.#source === null) return -Infinity;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return rmsDbfs(this.#samples);
  }
}
