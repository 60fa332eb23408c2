import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const APT = ['-q', '-o', 'APT::Sandbox::User=root'];

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  /** Where its files lie, as below `/`. */
  readonly root: string;
}

/**
 * Debian packages, downloaded into `folder` where they are not there yet and unpacked beside them; nothing is
 * installed. What apt cannot find is left out of the answer.
 */
export async function fetchPackages(names: readonly string[], folder: string, say: (line: string) => void): Promise<ReadonlyMap<string, Package>> {
  mkdirSync(join(folder, 'unpacked'), { recursive: true });
  const wanted = names.filter((name) => archiveOf(folder, name) === undefined);
  if (wanted.length > 0) {
    say(`downloading ${wanted.length} packages ...`);
    await download(wanted, folder, say);
  }
  const found = new Map<string, Package>();
  for (const name of names) {
    const archive = archiveOf(folder, name);
    if (archive !== undefined) found.set(name, await unpacked(name, archive, folder));
  }
  return found;
}

/** The newest archive of a package; undefined where there is none. */
function archiveOf(folder: string, name: string): string | undefined {
  return readdirSync(folder).filter((file) => file.startsWith(`${name}_`) && file.endsWith('.deb')).sort().at(-1);
}

/** All at once; where apt refuses because of one of them, one by one. */
async function download(names: readonly string[], folder: string, say: (line: string) => void): Promise<void> {
  const get = (...which: readonly string[]): Promise<unknown> => run('apt-get', [...APT, 'download', ...which], { cwd: folder, maxBuffer: 1e8 });
  try {
    await get(...names);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error('the recordings come from Debian packages, and there is no apt-get here. Run this on Debian or Ubuntu, or in a container of them.');
    for (const name of names) {
      if (archiveOf(folder, name) !== undefined) continue;
      await get(name).catch((reason: unknown) => say(`${name}: ${lastLine(reason)}`));
    }
  }
}

const lastLine = (reason: unknown): string => String((reason as { stderr?: string }).stderr ?? reason).trim().split('\n').at(-1) ?? '';

async function unpacked(name: string, archive: string, folder: string): Promise<Package> {
  const path = join(folder, archive);
  const root = join(folder, 'unpacked', archive.slice(0, -'.deb'.length));
  if (!existsSync(root)) {
    // Under another name until it is whole: an unpacking cut short counts as none.
    const partial = `${root}.partial`;
    rmSync(partial, { recursive: true, force: true });
    await run('dpkg', ['-x', path, partial], { maxBuffer: 1e8 });
    renameSync(partial, root);
  }
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const version = decodeURIComponent(archive.slice(name.length + 1).replace(/_[^_]*\.deb$/, ''));
  return { name, version, sha256, root };
}
