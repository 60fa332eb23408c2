import { readFileSync } from 'node:fs';

/**
 * What a run of vitest came to, from its JSON report and its exit code. A file that did not load, an unhandled
 * rejection or a missing report is a failure of its own: a run must not pass because nothing was counted.
 *
 * @param {string} path
 * @param {number} exitCode
 */
export function countVitest(path, exitCode) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const files = report.testResults ?? [];
  const brokenFiles = files.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
  const failed = (report.numFailedTests ?? 0) + brokenFiles;
  const passed = report.numPassedTests ?? 0;
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  const unexplained = failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0;
  return { passed, failed: failed + unexplained, skipped };
}

export const addUp = (results) =>
  results.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), { passed: 0, failed: 0 });

/** The last line of a run; other programs read it. */
export const closingLine = ({ passed, failed }) => `${passed} passed, ${failed} failed`;

/** Green only where something ran and nothing failed. */
export const exitCodeOf = ({ passed, failed }) => (failed === 0 && passed > 0 ? 0 : 1);
