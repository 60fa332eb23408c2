import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mediaMs } from '../../../voice-node/domain/time.js';
import { CallerTape } from '../../../voice-node/orchestrators/realtime/caller-tape.js';
import { Memory } from '../../../voice-node/orchestrators/realtime/memory.js';
import { SpokenItem, type Slice } from '../../../voice-node/orchestrators/realtime/spoken-item.js';

const RATE_HZ = 24_000;
const audioOf = (ms: number): Int16Array => new Int16Array((ms * RATE_HZ) / 1000);

function drain(item: SpokenItem): Slice[] {
  const slices: Slice[] = [];
  for (let slice = item.next(); slice !== undefined; slice = item.next()) slices.push(slice);
  return slices;
}

describe('words and sound of an item', () => {
  it('leave whole and in order, however they come, words before their sound', () => {
    const step = fc.oneof(fc.record({ text: fc.string({ maxLength: 12 }) }), fc.record({ ms: fc.integer({ min: 1, max: 400 }) }), fc.constant('take' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const item = new SpokenItem('i');
        const slices: Slice[] = [];
        let text = '';
        let count = 0;
        const given: number[] = [];
        for (const each of steps) {
          if (each === 'take') slices.push(...drain(item));
          else if ('text' in each) {
            text += each.text;
            item.addText(each.text);
          } else {
            const piece = audioOf(each.ms).map(() => (count++ % 30_000) + 1);
            given.push(...piece);
            item.addAudio(piece, RATE_HZ);
          }
        }
        item.complete();
        slices.push(...drain(item));
        expect(slices.map((slice) => slice.text).join('')).toBe(text);
        expect(slices.flatMap(({ samples }) => [...(samples ?? [])])).toEqual(given);
        expect(item.waitingMs).toBeCloseTo(0, 6);
      }),
      { numRuns: 100 },
    );
  });

  it('are laid along each other once all is known: each word as long as its letters', () => {
    const item = new SpokenItem('i');
    item.addText('one two seven');
    item.addAudio(audioOf(1300), RATE_HZ);
    item.complete();
    const at: Record<string, number> = {};
    let ms = 0;
    for (const { text, samples } of drain(item)) {
      if (text !== '') at[text] = Math.round(ms);
      ms += (samples?.length ?? 0) / 24;
    }
    expect(at).toEqual({ 'one ': 0, 'two ': 400, seven: 800 });
  });

  it('do not wait for words that are late', () => {
    const item = new SpokenItem('i');
    item.addAudio(audioOf(250), RATE_HZ);
    expect(drain(item).map(({ text, samples }) => [text, (samples?.length ?? 0) / 24])).toEqual([['', 100], ['', 100], ['', 50]]);
    item.addText('late');
    expect(drain(item)).toEqual([]);
    item.complete();
    expect(drain(item)).toEqual([{ text: 'late', samples: undefined, rateHz: 0 }]);
  });
});

describe('what a session that takes over is told', () => {
  const sound = (ms: number): { samples: Int16Array; rateHz: number } => ({ samples: new Int16Array(ms * 8), rateHz: 8000 });

  it('is what was written down and heard, the sound where nothing was written, and nothing that is still unanswered', () => {
    const memory = new Memory();
    memory.user('a', sound(1000), 0);
    memory.written('a', 'hello');
    memory.answered();
    memory.assistant('good day', 1000);
    memory.assistant('', 1000);
    memory.user('b', sound(700), 2000);
    memory.answered();
    memory.user('c', sound(300), 3000);
    expect(memory.awaitsWords(1500)).toBe(true);
    expect(memory.awaitsWords(3001)).toBe(false);
    memory.dropUnanswered();
    expect(memory.items).toEqual([{ role: 'user', text: 'hello' }, { role: 'assistant', text: 'good day' }, { role: 'user', audio: sound(700) }]);
  });

  it('is bounded in pieces, letters and sound', () => {
    const memory = new Memory();
    for (let i = 0; i < 300; i++) memory.assistant(`${i} ${'x'.repeat(1000)}`, i);
    expect(memory.items.length).toBe(39);
    for (let i = 0; i < 300; i++) memory.user(`u${i}`, sound(2000), i);
    memory.answered();
    expect(memory.items.length).toBeLessThanOrEqual(100);
    expect(memory.items.filter((item) => 'audio' in item)).toHaveLength(30);
  });
});

describe('what the caller has said', () => {
  const frame = (n: number): Int16Array => new Int16Array(160).fill(n);

  it('is kept from before it was noticed, while it goes on, and not otherwise', () => {
    const tape = new CallerTape(8000);
    for (let n = 0; n < 100; n++) tape.hear(frame(n));
    expect(tape.copy().length).toBe(0);
    tape.start(400);
    for (let n = 100; n < 250; n++) tape.hear(frame(n));
    tape.start(1000);
    const copy = tape.copy();
    expect(copy.length).toBe(170 * 160);
    expect([copy[0], copy.at(-1)]).toEqual([80, 249]);
    expect([...tape.pieces()].flatMap((piece) => [...piece])).toEqual([...copy]);
    tape.stop();
    expect(tape.copy().length).toBe(0);
    expect(tape.latest(40)).toEqual(Int16Array.from([...frame(248), ...frame(249)]));
  });

  it('is bounded to a minute, of which the newest is kept', () => {
    const tape = new CallerTape(8000);
    tape.start(0);
    for (let n = 0; n < 100 * 50; n++) tape.hear(frame(n));
    const copy = tape.copy();
    expect(copy.length / 8000).toBe(60);
    expect(copy.at(-1)).toBe(4999);
  });

  it('does not begin with the end of an utterance that was cut for its length', () => {
    const tape = new CallerTape(8000);
    for (let n = 0; n < 50; n++) tape.hear(frame(n));
    const samples = Int16Array.from([...frame(48), ...frame(49)]);
    tape.forgetWords({ samples, rateHz: 8000, startMs: mediaMs(0, 8000), preRollMs: 0 });
    expect(tape.latest(600).length).toBe(0);
  });
});
