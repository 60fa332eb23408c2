import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { inRoot, ScriptError } from './checkout.mjs';
import { onPath } from './livekit-binary.mjs';
import { runShown } from './progress.mjs';
import { settings } from './settings.mjs';

/** Version and hashes of what is installed: nothing else is. */
const REQUIREMENTS = inRoot('sidecars', 'pocketsphinx-requirements.txt');
const PROGRAMS = ['flite', 'espeak-ng'];
/** There are ready-made packages for these; for any other, pip needs a compiler. */
const PYTHONS = ['python3.13', 'python3.11', 'python3'];
const WITH_WHEEL = ['3.11', '3.13'];
const STEP_LIMIT_MS = 180_000;

/** Where the node looks for it as well: the virtual environment of pocketsphinx. */
export const pocketsphinxFolder = (values = settings()) => join(values.CACHE_DIR ?? join(homedir(), '.cache', 'voice-node'), 'pocketsphinx');

/** The Python that has pocketsphinx, once it has been set up. */
export const pocketsphinxPython = (values = settings()) => join(pocketsphinxFolder(values), 'bin', 'python');

const fingerprint = () => createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');

function pocketsphinxIsThere(values) {
  const folder = pocketsphinxFolder(values);
  try {
    // A Python that was removed since leaves a link to nothing.
    return existsSync(join(folder, 'bin', 'python')) && readFileSync(join(folder, '.ready'), 'utf8') === fingerprint();
  } catch {
    return false;
  }
}

/** What robots/offline needs and does not find, by name. */
export function offlineMissing(values = settings()) {
  const programs = PROGRAMS.filter((name) => onPath(name) === undefined);
  return pocketsphinxIsThere(values) ? programs : [...programs, 'pocketsphinx'];
}

/** Installs what is missing, as the checks need it; a ScriptError says what could not be. */
export async function needOffline() {
  await install({ run: runShown });
}

/**
 * Installs what is missing if that can be done here, without a word. Never rejects.
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} one line: whether robots/offline is ready, or what it lacks
 */
export async function tryOffline(signal) {
  let why = '';
  try {
    await install({ run: (what, command, args) => runQuiet(what, command, args, signal) });
  } catch (error) {
    why = String(error?.message ?? error).split('\n')[0].slice(0, 200);
  }
  const missing = offlineMissing();
  if (missing.length === 0) return 'robots/offline is ready: it talks without a key or a network';
  return `robots/offline is not ready, missing: ${missing.join(', ')}${why ? ` (${why})` : ''}`;
}

async function install({ run }) {
  const values = settings();
  const programs = PROGRAMS.filter((name) => onPath(name) === undefined);
  let failure;
  // One that fails does not keep the other from being tried.
  if (programs.length > 0) await aptInstall(programs, run).catch((error) => (failure = error));
  if (!pocketsphinxIsThere(values)) await installPocketsphinx(pocketsphinxFolder(values), run);
  if (failure !== undefined) throw failure;
  const missing = offlineMissing(values);
  if (missing.length > 0) throw new ScriptError(`still missing after the set-up: ${missing.join(', ')}`);
}

/** Into a folder beside it, which then takes its place: an install cut short counts as none. */
async function installPocketsphinx(folder, run) {
  const python = await findPython(run);
  const fresh = `${folder}.new-${process.pid}`;
  try {
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    await run('python: a virtual environment', python.command, ['-m', 'venv', fresh]);
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet', '--retries', '1', '--timeout', '15', '--no-deps', '--require-hashes'];
    if (python.hasWheel) pip.push('--only-binary', ':all:');
    await run('pip: pocketsphinx with its English model, 28 MB', join(fresh, 'bin', 'python'), [...pip, '-r', REQUIREMENTS]);
    await run('pocketsphinx: loading its model', join(fresh, 'bin', 'python'), ['-I', '-c', 'from pocketsphinx import Decoder; Decoder(loglevel="FATAL")']);
    writeFileSync(join(fresh, '.ready'), fingerprint());
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** A Python that can make virtual environments, best one that a ready-made package fits. */
async function findPython(run) {
  const found = await usablePythons();
  if (found.length === 0) {
    await aptInstall(['python3', 'python3-venv'], run);
    found.push(...(await usablePythons()));
  }
  const best = found.find(({ hasWheel }) => hasWheel) ?? found[0];
  if (best === undefined) throw new ScriptError(`pocketsphinx needs Python ${WITH_WHEEL.join(' or ')} with the module venv; there is none`);
  return best;
}

async function usablePythons() {
  const found = [];
  for (const command of PYTHONS) {
    const version = onPath(command) === undefined ? undefined : await output(command, ['-c', 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])']);
    if (version !== undefined) found.push({ command, hasWheel: WITH_WHEEL.includes(version) });
  }
  return found;
}

const output = (command, args) => new Promise((resolve) => execFile(command, args, { timeout: 10_000 }, (error, stdout) => resolve(error ? undefined : stdout.trim())));

function runQuiet(what, command, args, signal) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: STEP_LIMIT_MS, killSignal: 'SIGKILL', signal, maxBuffer: 16 << 20 }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new ScriptError(`${what}: ${stderr.trim().split('\n').at(-1) || error.code || 'failed'}`));
    });
  });
}
