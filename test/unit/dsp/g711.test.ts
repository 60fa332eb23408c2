import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { decodeALaw, decodeALawInto, decodeMuLaw, decodeMuLawInto, encodeALaw, encodeALawInto, encodeMuLaw, encodeMuLawInto } from '../../../voice-node/dsp/g711.js';

const ALL_SAMPLES = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
const ALL_CODES = Uint8Array.from({ length: 256 }, (_, i) => i);
const sha256 = (x: Uint8Array | Int16Array): string => createHash('sha256').update(Buffer.from(x.buffer, x.byteOffset, x.byteLength)).digest('hex');

/** G.711 tables 1 and 2, positive half, from the segments' end points: [first value, step, number of steps]. */
const A_LAW_SEGMENTS = [[0, 2, 16], [32, 2, 16], [64, 4, 16], [128, 8, 16], [256, 16, 16], [512, 32, 16], [1024, 64, 16], [2048, 128, 16]] as const;
const MU_LAW_SEGMENTS = [[31, 4, 16], [95, 8, 16], [223, 16, 16], [479, 32, 16], [991, 64, 16], [2015, 128, 16], [4063, 256, 16]] as const;

/** Decision values x1, x2, ... (upper ends of the intervals) and the values y1, y2, ... between them. */
function aLawTable(): { decisions: number[]; values: number[] } {
  const decisions: number[] = [];
  const values: number[] = [];
  for (const [start, step, count] of A_LAW_SEGMENTS) {
    for (let i = 1; i <= count; i++) {
      decisions.push(start + i * step);
      values.push(start + i * step - step / 2);
    }
  }
  return { decisions, values };
}

function muLawTable(): { decisions: number[]; values: number[] } {
  const decisions = [1];
  const values = [0];
  for (let i = 1; i <= 15; i++) {
    decisions.push(1 + 2 * i);
    values.push(2 * i);
  }
  for (const [start, step, count] of MU_LAW_SEGMENTS) {
    for (let i = 1; i <= count; i++) {
      decisions.push(start + i * step);
      values.push(start + i * step - step / 2);
    }
  }
  return { decisions, values };
}

describe('G.711 against the tables of the recommendation', () => {
  it('A-law: values y1 to y128 (13 bit, 4096 is full scale), even bits inverted', () => {
    const { decisions, values } = aLawTable();
    expect(decisions[127]).toBe(4096);
    for (let n = 0; n < 128; n++) {
      // Table 1a: character signal 1 (positive) and n in binary, as the decoder's side numbers them.
      expect(decodeALaw((0x80 | n) ^ 0x55)).toBe(8 * (values[n] as number));
      expect(decodeALaw(n ^ 0x55)).toBe(-8 * (values[n] as number));
    }
  });

  it('mu-law: values y0 to y127 (14 bit, 8159 is full scale), all bits inverted', () => {
    const { decisions, values } = muLawTable();
    expect(decisions[127]).toBe(8159);
    expect(values[127]).toBe(8031);
    for (let n = 0; n < 128; n++) {
      expect(decodeMuLaw(0xff - n)).toBe(4 * (values[n] as number));
      expect(decodeMuLaw(0x7f - n)).toBe(0 - 4 * (values[n] as number));
    }
  });

  it.each([
    ['A-law', encodeALaw, aLawTable(), 8, 0x55, 0xd5],
    ['mu-law', encodeMuLaw, muLawTable(), 4, 0x7f, 0xff],
  ] as const)('%s: every int16 falls between its decision values', (_name, encode, table, unit, negativeZero, positiveZero) => {
    const { decisions } = table;
    const indexOf = (code: number, zero: number): number => (zero === 0xd5 || zero === 0x55 ? code ^ zero : zero - code);
    for (let x = 0; x <= 32767; x++) {
      let n = 0;
      while (n < 127 && x >= unit * (decisions[n] as number)) n++;
      expect(indexOf(encode(x), positiveZero)).toBe(n);
      // The reference takes the one's complement of negative samples, so -1 - x is the mirror of x.
      expect(indexOf(encode(-1 - x), negativeZero)).toBe(n);
    }
  });

  it('tables of all codes and all samples are those checked against other implementations', () => {
    const samples = new Int16Array(256);
    const codes = new Uint8Array(65536);
    decodeALawInto(ALL_CODES, samples);
    expect(sha256(samples).slice(0, 16)).toBe('e04788d110e58ff8');
    decodeMuLawInto(ALL_CODES, samples);
    expect(sha256(samples).slice(0, 16)).toBe('3dab54339e520bb2');
    encodeALawInto(ALL_SAMPLES, codes);
    expect(sha256(codes).slice(0, 16)).toBe('38488f6fd710f468');
    encodeMuLawInto(ALL_SAMPLES, codes);
    expect(sha256(codes).slice(0, 16)).toBe('90c29de505fb68e7');
  });

  it('coding again changes nothing, except mu-law minus zero', () => {
    for (let code = 0; code < 256; code++) {
      expect(encodeALaw(decodeALaw(code))).toBe(code);
      expect(encodeMuLaw(decodeMuLaw(code))).toBe(code === 0x7f ? 0xff : code);
    }
  });

  it('refuses an output that is too small', () => {
    expect(() => decodeALawInto(ALL_CODES, new Int16Array(255))).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
    expect(() => encodeMuLawInto(ALL_SAMPLES, new Uint8Array(10))).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
  });
});
