import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Stands where a process stood that held the record: the call is over. No owner has that name (they have a dot). */
export const ENDED = 'ended';
const RECORD = 'record.json';
/** Broken records that are kept for whoever wants to know. */
const MAX_BROKEN = 20;

/** Whether a file operation failed because somebody was faster: it is not there, or something else is. */
const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
const isOccupied = (error: unknown): boolean => ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Undefined where it is not there. */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The folder of a journal on disk. Who holds a record is the name of the folder it lies in, and renaming is atomic:
 * of many that try exactly one succeeds, and a process that has lost a record finds its own place gone.
 *
 *     calls/<call>@<room>/<owner>/record.json
 *     calls/<call>@<room>/ended/record.json      the call is over, and had changed hands
 *     leases/<owner>                             when its process was last heard of
 *     broken/                                    what could not be read
 *     tmp/                                       what is being written
 *
 * Nothing is forced to the disk (fsync): a record has to outlive its process, not the machine's power. After a power
 * cut a record may be empty; it counts as broken. Words of callers lie here, so nobody else may read it.
 */
export class JournalFolder {
  readonly #root: string;
  readonly #me: string;

  /** @param me the owner on whose behalf it is written to */
  constructor(root: string, me: string) {
    this.#root = root;
    this.#me = me;
  }

  async prepare(): Promise<void> {
    for (const name of ['calls', 'leases', 'broken', 'tmp']) await mkdir(join(this.#root, name), { recursive: true, mode: 0o700 });
  }

  /** Name of the folder of a call: by it the calls of a room are found without being read. */
  static nameOf(callId: string, room: string): string {
    return `${plain(callId)}@${hash(room)}`;
  }

  /** Names of all calls' folders; `of` leaves only those of one call or of one room. */
  async calls(of: { readonly callId?: string; readonly room?: string } = {}): Promise<readonly string[]> {
    const names = (await ifThere(readdir(join(this.#root, 'calls')))) ?? [];
    const { callId, room } = of;
    if (callId !== undefined) return names.filter((name) => name.startsWith(`${plain(callId)}@`));
    return room === undefined ? names : names.filter((name) => name.endsWith(`@${hash(room)}`));
  }

  /** Who holds a call, ENDED included; undefined where there is no such call. */
  async ownerOf(call: string): Promise<string | undefined> {
    return (await ifThere(readdir(join(this.#root, 'calls', call))))?.[0];
  }

  /** '' where it cannot be found any more. */
  async read(call: string, owner: string): Promise<string> {
    return (await ifThere(readFile(join(this.#root, 'calls', call, owner, RECORD), 'utf8'))) ?? '';
  }

  /** Writes a record of ours, a new one as well. False where another process holds it, or it is over. */
  async write(call: string, text: string): Promise<boolean> {
    const draft = this.#draft();
    await this.#create(draft, text);
    if (await moved(draft, join(this.#root, 'calls', call, this.#me, RECORD))) return true;
    // There is no place of ours: it is a new call, or not ours. A folder does not take the place of one that holds something.
    const staged = this.#draft();
    await mkdir(join(staged, this.#me), { recursive: true, mode: 0o700 });
    await rename(draft, join(staged, this.#me, RECORD));
    try {
      await rename(staged, join(this.#root, 'calls', call));
      return true;
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      if (isOccupied(error)) return false;
      throw error;
    }
  }

  /** Makes a call ours. False where somebody was faster. */
  take(call: string, from: string): Promise<boolean> {
    return moved(join(this.#root, 'calls', call, from), join(this.#root, 'calls', call, this.#me));
  }

  /** A call is over; does nothing where it is not ours. `note` is left in its place, where given. */
  async end(call: string, note?: string): Promise<void> {
    if (!(await moved(join(this.#root, 'calls', call, this.#me), join(this.#root, 'calls', call, ENDED)))) return;
    if (note === undefined) await this.forget(call, ENDED);
    else await writeFile(join(this.#root, 'calls', call, ENDED, RECORD), note);
  }

  /** Away with it. Each step does nothing where somebody else has put something there. */
  async forget(call: string, owner: string): Promise<void> {
    const waste = this.#draft();
    if (await moved(join(this.#root, 'calls', call, owner), waste)) await rm(waste, { recursive: true, force: true });
    await this.#removeEmpty(call);
  }

  /** A record that cannot be read goes out of everybody's way. */
  async setAside(call: string, owner: string): Promise<void> {
    const broken = join(this.#root, 'broken');
    const kept = await readdir(broken);
    for (const name of kept.sort().slice(0, Math.max(0, kept.length - MAX_BROKEN + 1))) await rm(join(broken, name), { recursive: true, force: true });
    await moved(join(this.#root, 'calls', call, owner), join(broken, `${call}.${randomBytes(4).toString('hex')}`));
    await this.#removeEmpty(call);
  }

  async writeLease(text: string): Promise<void> {
    const draft = this.#draft();
    await this.#create(draft, text);
    await rename(draft, join(this.#root, 'leases', this.#me));
  }

  async readLease(owner: string): Promise<string | undefined> {
    return ifThere(readFile(join(this.#root, 'leases', owner), 'utf8'));
  }

  async owners(): Promise<readonly string[]> {
    return (await ifThere(readdir(join(this.#root, 'leases')))) ?? [];
  }

  /** Nothing more will be heard of it: its lease goes, and what it left half written. */
  async dropOwner(owner: string): Promise<void> {
    await rm(join(this.#root, 'leases', owner), { force: true });
    for (const name of (await ifThere(readdir(join(this.#root, 'tmp')))) ?? []) {
      if (name.startsWith(`${owner}-`)) await rm(join(this.#root, 'tmp', name), { recursive: true, force: true });
    }
  }

  async #create(path: string, text: string): Promise<void> {
    try {
      await writeFile(path, text, { mode: 0o600 });
    } catch (error) {
      if (!isMissing(error)) throw error;
      // The first time, or somebody has cleared the folder out.
      await this.prepare();
      await writeFile(path, text, { mode: 0o600 });
    }
  }

  async #removeEmpty(call: string): Promise<void> {
    try {
      await rmdir(join(this.#root, 'calls', call));
    } catch (error) {
      if (!isMissing(error) && !isOccupied(error)) throw error;
    }
  }

  #draft(): string {
    return join(this.#root, 'tmp', `${this.#me}-${randomBytes(6).toString('hex')}`);
  }
}

/** False where it was not there, or its new place is not. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
/** A name that no file system minds, different for different texts. */
const plain = (text: string): string => (/^[\w-]{1,100}$/.test(text) ? text : `.${hash(text)}`);
