import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { OURS, type Contender } from './contenders.js';
import type { Cost } from './cost.js';
import type { Quality, StreamingFacts } from './quality.js';
import { COLOURS, drawCosts, drawPlot, drawStrips, type Line } from './svg.js';
import { record } from './tones.js';

/** The peers that are drawn beside ours: one of each library, in the setting people use. */
export const DRAWN_PEERS = ['rtc-node HIGH', 'speex wasm q5', 'libsamplerate wasm fastest', 'wave-resampler cubic'];

const colourOf = (name: string): string => {
  const index = [...OURS.map((contender) => contender.name), ...DRAWN_PEERS].indexOf(name);
  return COLOURS[index < 0 ? COLOURS.length - 1 : index] as string;
};

const isDrawn = (name: string): boolean => name.startsWith('voice-node') || DRAWN_PEERS.includes(name);

function linesOf(qualities: readonly Quality[], curve: 'magnitude' | 'alias'): Line[] {
  return qualities
    // wave-resampler loses a sample with every frame: it has aliases, but no gain at any frequency.
    .filter((quality) => isDrawn(quality.name) && !(curve === 'magnitude' && quality.name.startsWith('wave')))
    .map((quality) => ({
      label: quality.name,
      x: quality[curve].hz.map((hz) => hz / 1000),
      y: quality[curve].db,
      colour: colourOf(quality.name),
      dashed: !quality.name.startsWith('voice-node'),
    }));
}

export function drawAll(folder: string, down: readonly Quality[], up: readonly Quality[], facts: readonly StreamingFacts[], costs: readonly Cost[], impulses: readonly Line[]): void {
  mkdirSync(folder, { recursive: true });
  const save = (name: string, svg: string): void => writeFileSync(join(folder, `${name}.svg`), svg);
  save('delivered', deliveredPicture(facts, down));
  save(
    'alias',
    drawPlot({
      title: 'What a tone above 4 kHz leaves behind, 48 to 8 kHz',
      note: 'A tone of -6 dBFS at the frequency below, and how loud its alias is in the output (0 dB: as loud as the tone).',
      x: { label: 'input frequency, kHz', from: 4, to: 24, step: 2 },
      y: { label: 'alias, dB', from: -160, to: 0, step: 20 },
      lines: linesOf(down, 'alias'),
    }),
  );
  save(
    'image',
    drawPlot({
      title: 'What is added to a tone, 8 to 48 kHz',
      note: 'Power of everything that is not the tone: images, distortion, dither.',
      x: { label: 'tone, kHz', from: 0, to: 4, step: 0.5 },
      y: { label: 'images and noise, dB', from: -160, to: 0, step: 20 },
      lines: linesOf(up, 'alias'),
    }),
  );
  save(
    'magnitude',
    drawPlot({
      title: 'Pass band, 48 to 8 kHz',
      note: 'Gain relative to 40 Hz.',
      x: { label: 'frequency, kHz', from: 0, to: 4, step: 0.5 },
      y: { label: 'gain, dB', from: -1, to: 0.2, step: 0.2 },
      lines: linesOf(down, 'magnitude'),
    }),
  );
  save(
    'impulse',
    drawPlot({
      title: 'Impulse response, 8 to 48 kHz',
      note: 'Milliseconds after the impulse went in. rtc-node is far outside: its stream lags by 40 to 175 ms.',
      x: { label: 'ms', from: 0, to: 5, step: 0.5 },
      y: { label: 'amplitude', from: -0.4, to: 1.2, step: 0.2 },
      lines: impulses,
    }),
  );
  for (const fromHz of [48000, 8000]) {
    const toHz = 56000 - fromHz;
    const rows = costs
      .filter((cost) => cost.fromHz === fromHz && cost.toHz === toHz)
      .sort((a, b) => a.microseconds - b.microseconds)
      .map((cost) => ({ label: `${cost.name} ${cost.format}`, value: cost.microseconds, colour: cost.name.startsWith('voice-node') ? (COLOURS[0] as string) : (COLOURS[5] as string) }));
    save(`cost-${fromHz / 1000}-${toHz / 1000}`, drawCosts(`CPU of 20 ms of audio, ${fromHz / 1000} to ${toHz / 1000} kHz`, 'User CPU of one push, median over shuffled rounds of one run; logarithmic.', rows, 'microseconds'));
  }
}

function deliveredPicture(facts: readonly StreamingFacts[], down: readonly Quality[]): string {
  const names = ['voice-node conversation', 'rtc-node HIGH', 'rtc-node VERY_HIGH', 'speex wasm q5', 'wave-resampler cubic'];
  const rows = names.flatMap((name) => {
    const fact = facts.find((one) => one.name === name);
    const quality = down.find((one) => one.name === name);
    if (fact === undefined || quality === undefined) return [];
    const late = name.startsWith('wave') ? `${fact.counts[0] ?? 0} of 160, a click each` : `${quality.streamDelayMs.toFixed(quality.streamDelayMs < 10 ? 2 : 0)} ms late`;
    return [{ label: name, detail: late, values: fact.counts.slice(0, 25), colour: colourOf(name) }];
  });
  return drawStrips(
    'Half a second of a call: what comes out for each 20 ms that go in',
    '48 to 8 kHz, samples delivered by each push of 960. A dot is a call that got nothing.',
    rows,
    1200,
    'one column: one push of 20 ms',
  );
}

/** Responses to a single sample of 0.9, scaled to the peak gain of the rate change; ours and the drawn float peers. */
export async function impulseLines(contenders: readonly Contender[], fromHz: number, toHz: number): Promise<Line[]> {
  const lines: Line[] = [];
  for (const contender of contenders) {
    if (!isDrawn(contender.name) || !contender.streaming || contender.name.startsWith('rtc-node')) continue;
    const format = contender.formats.includes('f32') ? 'f32' : 's16';
    const at = 10 * (fromHz / 50);
    const { samples, counts } = await record(contender, fromHz, toHz, format, (i) => (i === at ? 0.9 : 0), 14);
    // Some take their delay off the beginning of the stream; it is still waited for, in every push.
    const backlogMs = 20 * counts.length - (1000 * samples.length) / toHz;
    const zero = (at * toHz) / fromHz;
    const lead = Math.round(0.003 * toHz);
    const count = lead + Math.round(0.005 * toHz) + 1;
    lines.push({
      label: contender.name,
      x: Array.from({ length: count }, (_, i) => backlogMs + (1000 * (i - lead)) / toHz),
      y: Array.from({ length: count }, (_, i) => (samples[zero + i - lead] as number) / 0.9),
      colour: colourOf(contender.name),
      dashed: !contender.ours,
    });
  }
  return lines;
}
