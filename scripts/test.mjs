// Every check there is, from a fresh clone; the last line is "N passed, N failed".
import { CHECKS_FROM, requireNode } from './lib/checkout.mjs';

requireNode(CHECKS_FROM);

const { runTests, STEP_NAMES } = await import('./lib/test-run.mjs');

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !STEP_NAMES.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`scripts/test [step …]: expected some of ${STEP_NAMES.join(', ')}; got '${unknown[0]}'\n`);
  process.exit(2);
}
process.exitCode = await runTests(chosen);
