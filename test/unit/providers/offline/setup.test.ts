import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { offlineMissing, pocketsphinxFolder, pocketsphinxPython } from '../../../../scripts/lib/offline.mjs';
import { cacheFolder, loadConfig, ROOT } from '../../../../voice-node/config.js';
import { readWav } from '../../../../voice-node/dsp/wav.js';

describe('the set-up of robots/offline', () => {
  it('puts pocketsphinx where the node looks for it, and misses it where it is not', () => {
    const cache = mkdtempSync(join(tmpdir(), 'voice-node-cache-'));
    try {
      expect(pocketsphinxFolder({ CACHE_DIR: cache })).toBe(join(cacheFolder(loadConfig({ CACHE_DIR: cache })), 'pocketsphinx'));
      expect(pocketsphinxPython({})).toBe(join(cacheFolder(loadConfig({})), 'pocketsphinx', 'bin', 'python'));
      expect(offlineMissing({ CACHE_DIR: cache })).toContain('pocketsphinx');
    } finally {
      rmSync(cache, { recursive: true });
    }
  });

  it('installs nothing that is not pinned by its hash', () => {
    const lines = readFileSync(join(ROOT, 'sidecars/pocketsphinx-requirements.txt'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('pocketsphinx==5.1.1 \\');
    expect(lines.slice(1).every((line) => /^ {4}--hash=sha256:[0-9a-f]{64}( \\)?$/.test(line))).toBe(true);
  });
});

describe('what callers hear when nothing helps', () => {
  it.each(['en', 'ru'])('phrases/%s.wav: short, at the level of speech, without silence around it', (name) => {
    const { samples, rateHz } = readWav(readFileSync(join(ROOT, 'phrases', `${name}.wav`)));
    expect(rateHz).toBe(16_000);
    expect(samples.length / rateHz).toBeGreaterThan(2);
    expect(samples.length / rateHz).toBeLessThan(5);
    const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    const dbfs = 20 * Math.log10(rms / 32_768);
    expect(dbfs).toBeGreaterThan(-24);
    expect(dbfs).toBeLessThan(-18);
    const isLoud = (x: number): boolean => Math.abs(x) > 300;
    expect(samples.findIndex(isLoud) / rateHz).toBeLessThan(0.1);
    expect((samples.length - samples.findLastIndex(isLoud)) / rateHz).toBeLessThan(0.15);
  });
});
