import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { cacheDir, explain, inRoot } from './checkout.mjs';
import { ensureInstalled } from './install.mjs';
import { needOffline } from './offline.mjs';
import { needBrowser, needLiveKitBinary, needRecordings, needRedis } from './test-needs.mjs';
import { addUp, closingLine, countVitest, exitCodeOf } from './test-report.mjs';

const bin = (...parts) => inRoot('node_modules', ...parts);

/** Every step, in order. `needs` are names of what has to be set up before it can tell anything. */
const STEPS = [
  { name: 'lint', args: [bin('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.'] },
  { name: 'types', args: [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'page-types', args: [bin('typescript', 'bin', 'tsc'), '-p', 'static'] },
  { name: 'imports', args: [bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', 'voice-node'] },
  { name: 'unit', vitest: true, needs: ['recordings', 'offline', 'redis'] },
  { name: 'integration', vitest: true, needs: ['build', 'livekit', 'recordings', 'offline', 'redis'] },
  { name: 'e2e', vitest: true, needs: ['build', 'livekit', 'browser', 'offline'] },
];

export const STEP_NAMES = STEPS.map(({ name }) => name);

/** What the steps lean on; each is set up once, when the first step asks for it. */
const SETUP = {
  build: async () => ensureBuilt(),
  livekit: async (env) => void (env.LIVEKIT_SERVER_BIN = await needLiveKitBinary()),
  recordings: async () => needRecordings(),
  offline: async () => needOffline(),
  redis: async (env) => void (env.REDIS_SERVER_BIN = await needRedis()),
  browser: async (env) => void (env.CHROMIUM_BIN = await needBrowser()),
};

/**
 * Runs the steps, all of them whatever fails, and prints one result line each.
 * @param {string[]} chosen names of steps; empty: all
 * @returns {Promise<number>} the exit code
 */
export async function runTests(chosen) {
  const env = { ...process.env };
  const setUp = new Map();
  const results = [];
  try {
    await ensureInstalled();
  } catch (error) {
    console.log(`✗ set-up: ${explain(error)}`);
    return close([{ passed: 0, failed: 1 }]);
  }
  for (const step of STEPS.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
    console.log(`\n== ${step.name}`);
    const startedMs = performance.now();
    const failure = await prepare(step.needs ?? [], setUp, env);
    const result = failure === undefined ? await runStep(step, env) : { passed: 0, failed: 1, note: `cannot run: ${failure}` };
    results.push({ name: step.name, seconds: (performance.now() - startedMs) / 1000, ...result });
    console.log(resultLine(results.at(-1)));
  }
  return close(results);
}

function close(results) {
  const sum = addUp(results);
  if (results.length > 1) console.log(`\n== summary\n${results.map(resultLine).join('\n')}\n`);
  console.log(closingLine(sum));
  return exitCodeOf(sum);
}

function resultLine({ name, passed, failed, skipped, seconds, note }) {
  if (name === undefined) return '';
  const extra = [skipped ? `${skipped} skipped` : '', note ?? ''].filter(Boolean).join('; ');
  return `${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(0)} s)${extra ? `; ${extra}` : ''}`;
}

/** @returns {Promise<string | undefined>} why the step cannot run */
async function prepare(needs, setUp, env) {
  for (const need of needs) {
    if (!setUp.has(need)) {
      try {
        await SETUP[need](env);
        setUp.set(need, undefined);
      } catch (error) {
        setUp.set(need, `${need}: ${explain(error)}`);
      }
    }
    if (setUp.get(need) !== undefined) return setUp.get(need);
  }
  return undefined;
}

async function runStep(step, env) {
  if (!step.vitest) {
    const ok = (await run(step.args, env)) === 0;
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  }
  const report = join(cacheDir, 'test', `${step.name}.json`);
  mkdirSync(join(cacheDir, 'test'), { recursive: true });
  rmSync(report, { force: true });
  const args = [bin('vitest', 'vitest.mjs'), 'run', '--project', step.name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return countVitest(report, await run(args, env));
}

/** @returns {Promise<number>} */
function run(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: inRoot(), env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => {
      console.log(error.message);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
