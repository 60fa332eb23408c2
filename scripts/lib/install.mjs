import { existsSync, readFileSync } from 'node:fs';
import { inRoot } from './checkout.mjs';
import { runShown } from './progress.mjs';

/**
 * Installs the packages where node_modules is not what package-lock.json says.
 * npm writes its own record of an install last, so an install cut short counts as none.
 */
export async function ensureInstalled(signal) {
  if (isInstalled(inRoot('package-lock.json'), inRoot('node_modules', '.package-lock.json'))) return;
  await runShown('installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: inRoot(), signal });
}

/** Whether every package of the lock that has to be there is, in its version, and no other. */
export function isInstalled(lockPath, recordPath) {
  if (!existsSync(recordPath)) return false;
  const wanted = packagesOf(lockPath);
  const present = packagesOf(recordPath);
  const same = (path) => present[path]?.version === wanted[path]?.version && present[path]?.integrity === wanted[path]?.integrity;
  // Optional ones belong to other platforms, and may be absent.
  const complete = Object.keys(wanted).every((path) => path === '' || (present[path] === undefined && wanted[path].optional === true) || same(path));
  return complete && Object.keys(present).every(same);
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}
