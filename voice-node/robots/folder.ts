import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { CheckEnv } from './env-file.js';
import { faultText, type Fault } from './faults.js';
import { lookOver, type Listing } from './files.js';
import { readRobot, type CheckTool, type Reading, type ReadOptions } from './read-robot.js';
import { Rehearsal } from './rehearsal.js';
import type { Robot } from './robot.js';
import type { ReadAudio, Sound } from './sounds.js';

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export interface FolderOptions {
  /** The folder of the robots' folders. */
  readonly folder: string;
  readonly readAudio: ReadAudio;
  /** Looks at the values of a robot's .env. Default: all are fine. */
  readonly checkEnv?: CheckEnv;
  /** Throws for a tool whose `parameters` are no JSON Schema. Default: all are fine. */
  readonly checkTool?: CheckTool;
  /** Told of every robot that was read, before anybody else learns of it. */
  readonly onRead?: (robot: Robot) => void;
  /** Lets others run. Where it is given, large recordings that come while calls go on are decoded in pieces; until then the robot is as it was. */
  readonly pause?: () => Promise<void>;
}

const NO_SOUNDS: ReadonlyMap<string, Sound> = new Map();
const UNCHECKED = { checkEnv: (): readonly string[] => [], checkTool: (): void => undefined };

/** One folder of the robots' folder, as it stands. */
export interface Surveyed {
  readonly name: string;
  /** Undefined: it has faults. */
  readonly robot: Robot | undefined;
  readonly faults: readonly Fault[];
}

interface Entry {
  /** Of what was read last, good or not. */
  readonly stamp: string;
  /** The last good one. */
  readonly robot: Robot | undefined;
  readonly reading: Reading;
}

/**
 * The robots of one folder. Every look-up looks whether the files are still those that were read (a stat each)
 * and reads a robot again that has changed; where the change is no good the last good robot stays. A `Robot` is the
 * same object as long as its folder does not change. A name from outside is only ever looked up among those that
 * were found, never joined to a path.
 */
export class RobotFolder {
  readonly #options: FolderOptions & ReadOptions;
  readonly #rehearsal: Rehearsal | undefined;
  readonly #entries = new Map<string, Entry>();
  #log: Log | undefined;
  #folderFault = '';

  /** Reads all robots. Throws `robot_invalid` naming every fault of every robot, or `config_invalid` where there is no such folder. */
  constructor(options: FolderOptions) {
    this.#options = { ...UNCHECKED, ...options };
    this.#rehearsal = options.pause === undefined ? undefined : new Rehearsal(options.readAudio, options.pause);
    for (const [name, listing] of foldersIn(this.#options.folder)) this.#entries.set(name, this.#read(name, listing, undefined, NO_SOUNDS));
    const faults = [...this.#entries.values()].flatMap(({ reading }) => reading.faults);
    if (faults.length > 0) throw new VoiceNodeError('robot_invalid', faults.map(faultText).join('\n'));
  }

  /** Reads all robots once, good or not, for `robots check`. Throws `config_invalid` where there is no such folder. */
  static survey(options: FolderOptions): readonly Surveyed[] {
    return [...foldersIn(options.folder)].map(([name, listing]) => {
      const { robot, faults } = readFolder(name, listing, { ...UNCHECKED, ...options }, NO_SOUNDS);
      return { name, robot, faults };
    });
  }

  /** From now on changes and their faults are told to `log`. */
  reportTo(log: Log): void {
    this.#log = log;
  }

  get names(): readonly string[] {
    return this.all().map(({ name }) => name);
  }

  /** All robots as they are now, by name. */
  all(): readonly Robot[] {
    this.#look();
    return [...this.#entries.keys()].sort().flatMap((name) => this.#entries.get(name)?.robot ?? []);
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  find(name: string): Robot | undefined {
    this.#look(name);
    return this.#entries.get(name)?.robot;
  }

  /** Throws `robot_unknown`. */
  get(name: string): Robot {
    const robot = this.find(name);
    if (robot === undefined) throw new VoiceNodeError('robot_unknown', `expected one of ${this.names.join(', ')}, got ${JSON.stringify(name.slice(0, 80))}`);
    return robot;
  }

  /** Sees what has come and gone; reads again what has changed: `only` that one robot, or all. */
  #look(only?: string): void {
    let found;
    try {
      found = foldersIn(this.#options.folder, only);
      this.#folderFault = '';
    } catch (error) {
      // Not there at the moment: all robots stay. Said once.
      if (this.#folderFault === '') this.#log?.warn({ error: messageOf(error) }, 'the folder of the robots cannot be read; the robots stay as they are');
      this.#folderFault = messageOf(error);
      return;
    }
    for (const [name, listing] of found) this.#renew(name, listing);
    for (const name of only === undefined ? [...this.#entries.keys()] : [only]) {
      if (found.has(name)) continue;
      this.#rehearsal?.forget(name);
      if (!this.#entries.delete(name)) continue;
      this.#log?.info({ robot: name }, 'a robot is gone');
    }
  }

  #renew(name: string, listing: Listing): void {
    const before = this.#entries.get(name);
    if (before?.stamp === listing.stamp) return;
    const known = before?.reading.sounds ?? NO_SOUNDS;
    const sounds = this.#rehearsal === undefined ? known : this.#rehearsal.soundsFor(name, listing, known);
    if (sounds === undefined) return;
    const now = this.#read(name, listing, before, sounds);
    this.#entries.set(name, now);
    const { faults } = now.reading;
    if (faults.length === 0) this.#log?.info({ robot: name }, before === undefined ? 'a new robot is there' : 'a robot has changed; its next call goes by that');
    else this.#log?.warn({ robot: name, faults: faults.map(faultText) }, now.robot === undefined ? 'a robot is not right and takes no calls' : 'a robot was changed and is not right; its last good state stays');
  }

  #read(name: string, listing: Listing, before: Entry | undefined, known: ReadonlyMap<string, Sound>): Entry {
    const reading = readFolder(name, listing, this.#options, known);
    if (reading.robot !== undefined) this.#options.onRead?.(reading.robot);
    return { stamp: listing.stamp, robot: reading.robot ?? before?.robot, reading };
  }
}

function readFolder(name: string, listing: Listing, options: ReadOptions, known: ReadonlyMap<string, Sound>): Reading {
  if (NAME.test(name)) return readRobot(name, listing, options, known);
  return { robot: undefined, faults: [{ file: name, path: '', message: 'expected a folder name of small letters, digits, - and _, at most 64' }], sounds: new Map() };
}

/** The folders that are meant to be robots, looked over; only the one called `only` where that is given. */
function foldersIn(folder: string, only?: string): ReadonlyMap<string, Listing> {
  let names;
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new VoiceNodeError('config_invalid', `ROBOTS_DIR: expected a folder of robots, got ${folder}, which ${code === 'ENOENT' ? 'does not exist' : 'cannot be read'}`);
  }
  const found = new Map<string, Listing>();
  for (const name of names) {
    if (name.startsWith('.') || (only !== undefined && name !== only) || !isFolder(join(folder, name))) continue;
    const listing = lookOver(join(folder, name));
    if (listing.meant) found.set(name, listing);
  }
  return found;
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
};
