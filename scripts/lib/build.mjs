import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot, ScriptError } from './checkout.mjs';

const STAMP = inRoot('dist', '.stamp');
const LOCK = inRoot('dist', '.building');
const TSC = inRoot('node_modules', 'typescript', 'bin', 'tsc');
const MAIN = inRoot('dist', 'voice-node', 'main.js');
const BUILD_DEADLINE_MS = 300_000;

/**
 * Compiles voice-node/ and bench/ into dist/ where dist is missing or was made from other sources.
 * Without TypeScript (a pruned install, a container) it takes dist as it is.
 * Speaks on stderr only: the commands write data to stdout.
 */
export async function ensureBuilt() {
  if (!existsSync(inRoot('voice-node')) && existsSync(MAIN)) return;
  if (isFresh()) return;
  if (!existsSync(TSC)) {
    if (!existsSync(MAIN)) throw new ScriptError(`dist/ is not built and TypeScript is not installed. Run: cd "${inRoot()}" && npm ci`);
    process.stderr.write('voice-node: dist/ is older than the sources and TypeScript is not installed; running dist/ as it is\n');
    return;
  }
  await alone(build);
}

const isFresh = () => existsSync(MAIN) && readOr(STAMP, '') === fingerprint();

/** Which sources there are, of which size and age: a few milliseconds, and a deleted or restored file counts too. */
function fingerprint() {
  const hash = createHash('sha256');
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path}\0${mtimeMs}\0${size}\n`);
  };
  for (const folder of ['voice-node', 'bench']) {
    if (!existsSync(inRoot(folder))) continue;
    const files = readdirSync(inRoot(folder), { recursive: true }).filter((name) => name.endsWith('.ts'));
    for (const name of files.sort()) add(inRoot(folder, name));
  }
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) add(inRoot(name));
  return hash.digest('hex');
}

async function build() {
  if (isFresh()) return; // somebody else built while we waited
  const startedMs = performance.now();
  process.stderr.write('voice-node: building …\n');
  // Taken before compiling: an edit during the build leaves a stamp that does not match.
  const stamp = fingerprint();
  // TypeScript trusts its own notes on what is emitted; without the files they are wrong.
  if (!existsSync(MAIN)) rmSync(inRoot('dist', '.tsbuildinfo'), { force: true });
  const code = await compile();
  if (code !== 0) throw new ScriptError('The build failed; the errors are above.');
  writeFileSync(STAMP, stamp);
  process.stderr.write(`voice-node: built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

/** @returns {Promise<number>} */
function compile() {
  return new Promise((resolve, reject) => {
    // The compiler writes its errors to stdout; ours is not for that, so they go to stderr (2).
    const child = spawn(process.execPath, [TSC, '-p', inRoot('tsconfig.build.json')], { stdio: ['ignore', 2, 2], cwd: inRoot() });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** One build at a time: two commands started together must not read each other's half-written files. */
async function alone(task) {
  mkdirSync(inRoot('dist'), { recursive: true });
  const deadlineMs = performance.now() + BUILD_DEADLINE_MS;
  while (!takeLock()) {
    if (performance.now() > deadlineMs) throw new ScriptError(`Another build has held ${LOCK} for too long. Remove that file and try again.`);
    await sleep(100);
  }
  try {
    await task();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const holder = Number(readOr(LOCK, ''));
  // Empty: the holder is between creating and writing; a dead holder left it behind.
  if (holder > 0 && !isAlive(holder)) rmSync(LOCK, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
