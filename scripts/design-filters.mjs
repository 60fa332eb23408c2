// Writes voice-node/dsp/coefficients.ts from the designs in voice-node/dsp/design/designs.ts.
// Usage: npm run build && node scripts/design-filters.mjs
import { writeFileSync } from 'node:fs';

import { DESIGNS, PROTOTYPE_OVERSAMPLING } from '../dist/voice-node/dsp/design/designs.js';

const DIGITS = 13;

const row = (numbers) => {
  const texts = numbers.map((x) => String(Number(x.toPrecision(DIGITS))));
  const lines = [];
  for (let i = 0; i < texts.length; i += 6) lines.push(`    ${texts.slice(i, i + 6).join(', ')},`);
  return `  [\n${lines.join('\n')}\n  ],`;
};

const callOf = (run) => run.toString().replace(/^\(\) => /, '').replace(/\s+/g, ' ');

const parts = [
  `// Written by scripts/design-filters.mjs from design/designs.ts; do not edit. ${DIGITS} digits.`,
  '',
  `/** Samples of the prototypes for each sample of the lower of the two rates. */`,
  `export const PROTOTYPE_OVERSAMPLING = ${PROTOTYPE_OVERSAMPLING};`,
];
for (const { name, purpose, run } of DESIGNS) {
  parts.push('', `/**`, ` * ${purpose}`, ` * \`${callOf(run)}\``, ` */`);
  parts.push(`export const ${name}: readonly (readonly number[])[] = [`, ...run().map(row), '];');
}
const file = new URL('../voice-node/dsp/coefficients.ts', import.meta.url);
writeFileSync(file, `${parts.join('\n')}\n`);
process.stdout.write(`${DESIGNS.length} designs written to ${file.pathname}\n`);
