import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUp, closingLine, countVitest, exitCodeOf } from '../../../scripts/lib/test-report.mjs';

let folder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voice-node-report-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = (report, exitCode) => {
  const path = join(folder, 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return countVitest(path, exitCode);
};
const file = (...statuses) => ({ status: statuses.includes('failed') ? 'failed' : 'passed', assertionResults: statuses.map((status) => ({ status })) });

test('counts what passed, failed and was left out', () => {
  const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [file('passed', 'failed')] };
  expect(count(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 3 });
});

test('a file that did not load is a failure beside those of its neighbours', () => {
  const report = { numPassedTests: 3, numFailedTests: 1, testResults: [file('failed'), { status: 'failed', assertionResults: [] }] };
  expect(count(report, 1)).toMatchObject({ passed: 3, failed: 2 });
});

test.each([
  ['an exit code that the tests do not explain', { numPassedTests: 3, numFailedTests: 0, testResults: [file('passed')] }, 1],
  ['a run in which nothing ran', { numPassedTests: 0, numFailedTests: 0, testResults: [] }, 0],
  ['a run in which all was skipped', { numPassedTests: 0, numFailedTests: 0, numPendingTests: 4, testResults: [file('skipped')] }, 0],
  ['half a report', '{"numPassedTests": 3', 0],
])('%s is a failure', (_, report, exitCode) => {
  expect(count(report, exitCode).failed).toBe(1);
});

test('a missing report is a failure', () => {
  expect(countVitest(join(folder, 'none.json'), 0)).toMatchObject({ passed: 0, failed: 1 });
});

test('the closing line adds up, and only a run with passes and without failures is green', () => {
  expect(closingLine(addUp([{ passed: 2, failed: 0 }, { passed: 40, failed: 3 }]))).toBe('42 passed, 3 failed');
  expect([exitCodeOf({ passed: 1, failed: 0 }), exitCodeOf({ passed: 1, failed: 1 }), exitCodeOf({ passed: 0, failed: 0 })]).toEqual([0, 1, 1]);
});
