import { onPath } from './livekit-binary.mjs';
import { ScriptError } from './checkout.mjs';
import { runShown, tryRun } from './progress.mjs';

/** How to reach root: not at all where we are it, sudo where it asks for no password; undefined where neither. */
async function asRoot() {
  if (process.getuid?.() === 0) return [];
  return (await tryRun('sudo', ['-n', 'true'])) === undefined ? undefined : ['sudo', '-n'];
}

/**
 * Installs Debian packages; where that cannot be done here, a ScriptError that says what to install.
 * @param {string[]} packages
 * @param {(what: string, command: string, args: string[]) => Promise<unknown>} [runCommand] how to run a command
 */
export async function aptInstall(packages, runCommand = runShown) {
  const wanted = packages.join(' ');
  if (onPath('apt-get') === undefined) throw new ScriptError(`missing, and there is no apt-get to install it with: ${wanted}. Install it with this system's package manager.`);
  const prefix = await asRoot();
  if (prefix === undefined) throw new ScriptError(`missing, and neither root nor 'sudo -n' is at hand. Run: sudo apt-get update && sudo apt-get install ${wanted}`);
  const run = (what, ...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return runCommand(what, command, rest);
  };
  await run('apt-get update', '-o', 'DPkg::Lock::Timeout=120', '-q', 'update');
  await run(`apt-get install ${wanted}`, '-o', 'DPkg::Lock::Timeout=120', '-q', '-y', '--no-install-recommends', 'install', ...packages);
}
