import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinAudio, joinSamples } from '../../../voice-node/dsp/join.js';

it('pieces become one, in their order, and a copy', () => {
  fc.assert(
    fc.property(fc.array(fc.int16Array({ maxLength: 50 }), { maxLength: 20 }), (parts) => {
      const before = parts.flatMap((part) => [...part]);
      const all = joinSamples(parts);
      const audio = joinAudio(parts.map((samples) => ({ samples, rateHz: 8000 })));
      for (const part of parts) part.fill(1);
      expect([...all]).toEqual(before);
      expect(audio).toEqual(parts.length === 0 ? undefined : { samples: Int16Array.from(before), rateHz: 8000 });
    }),
  );
});

it('pieces of different rates become nothing', () => {
  const samples = Int16Array.of(1, 2);
  expect(joinAudio([{ samples, rateHz: 8000 }, { samples, rateHz: 8000 }, { samples, rateHz: 16_000 }])).toBeUndefined();
});
