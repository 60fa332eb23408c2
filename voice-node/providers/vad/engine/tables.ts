/** The net's own frames: 256 samples of 16 kHz. */
const NET_FRAME = 256;

/**
 * What spectrum.as needs for frames of `2 h` samples: the window (2 h floats), cos and sin of 2 pi k / h (h / 2 each),
 * cos and sin of pi k / h (h each), then the bit-reversed places (h words, in the same bytes). The window is a
 * periodic Hann window, w[n] = 1/2 - cos(2 pi n / 2h) / 2, as in the net's own transform; a frame of half as many
 * samples counts them double, so that the same sound gives the same magnitudes at 8 kHz as at 16 kHz.
 */
export function transformTables(h: number): Uint8Array<ArrayBuffer> {
  const scale = NET_FRAME / (2 * h);
  const floats = [
    ...range(2 * h, (n) => scale * (0.5 - 0.5 * Math.cos((Math.PI * n) / h))),
    ...range(h / 2, (k) => Math.cos((2 * Math.PI * k) / h)),
    ...range(h / 2, (k) => Math.sin((2 * Math.PI * k) / h)),
    ...range(h, (k) => Math.cos((Math.PI * k) / h)),
    ...range(h, (k) => Math.sin((Math.PI * k) / h)),
  ];
  const bytes = new Uint8Array(4 * (floats.length + h));
  new Float32Array(bytes.buffer, 0, floats.length).set(floats);
  new Uint32Array(bytes.buffer, 4 * floats.length, h).set(range(h, (n) => reversed(n, Math.log2(h))));
  return bytes;
}

const range = (length: number, make: (i: number) => number): number[] => Array.from({ length }, (_, i) => make(i));

function reversed(value: number, bits: number): number {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) out |= ((value >> bit) & 1) << (bits - 1 - bit);
  return out;
}
