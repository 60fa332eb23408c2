import type { Audio } from '../domain/audio.js';
import { messageOf } from '../domain/errors.js';
import { crossFaults, type Sentence } from './checks.js';
import { readEnv, type CheckEnv } from './env-file.js';
import { expectation, faultsOf, type Fault } from './faults.js';
import { FILE_LIMITS, MAX_TRACK_BYTES, MAX_TRACKS, readInside, textOf, type FileName, type Listing } from './files.js';
import type { Phrase, Robot } from './robot.js';
import { ROBOT_SCHEMA, TRACK_NAME, type RobotConfig, type ToolConfig } from './schema/robot.js';
import { decode, durationMs, MAX_SOUNDS_MS, type ReadAudio, type Sound } from './sounds.js';

/** Throws a VoiceNodeError for a tool whose `parameters` are no JSON Schema. */
export type CheckTool = (tool: Pick<ToolConfig, 'name' | 'parameters'>) => void;

export interface ReadOptions {
  readonly readAudio: ReadAudio;
  readonly checkEnv: CheckEnv;
  readonly checkTool: CheckTool;
}

/** A robot's folder as it was read: a robot, or what is wrong with it. */
export interface Reading {
  readonly robot: Robot | undefined;
  readonly faults: readonly Fault[];
  /** Recordings by file name, for the next reading: what has not changed is not decoded again. */
  readonly sounds: ReadonlyMap<string, Sound>;
}

/** Reads the robot `name` from the folder that was looked over. Collects every fault; never throws. */
export function readRobot(name: string, listing: Listing, options: ReadOptions, known: ReadonlyMap<string, Sound>): Reading {
  const reader = new Reader(name, listing, options, known);
  const robot = reader.read();
  return { robot: reader.faults.length === 0 ? robot : undefined, faults: reader.faults, sounds: reader.sounds };
}

class Reader {
  readonly faults: Fault[] = [];
  readonly sounds = new Map<string, Sound>();
  readonly #name: string;
  readonly #listing: Listing;
  readonly #options: ReadOptions;
  readonly #known: ReadonlyMap<string, Sound>;

  constructor(name: string, listing: Listing, options: ReadOptions, known: ReadonlyMap<string, Sound>) {
    this.#name = name;
    this.#listing = listing;
    this.#options = options;
    this.#known = known;
  }

  read(): Robot | undefined {
    const config = this.#config();
    const prompt = this.#text('prompt.txt')?.trim();
    const env = this.#env();
    const sounds = each((kind) => this.#sound(`${kind}.wav`, FILE_LIMITS[`${kind}.wav`]));
    const found = config?.mode === 'llm_script' ? this.#trackNames() : new Set<string>();
    const tracks = this.#tracks(found);
    this.#checkLength();
    if (config === undefined) return undefined;
    const has = (file: FileName): boolean => this.#listing.stamps.has(file);
    // What could not be read has its own fault: it counts as there.
    const promptIs = prompt === '' ? 'empty' : has('prompt.txt') ? 'there' : 'absent';
    this.faults.push(...crossFaults(this.#name, config, { prompt: promptIs, recorded: each((kind) => has(`${kind}.wav`)), tracks: found }));
    return Object.freeze({
      name: this.#name,
      config,
      prompt: prompt ?? '',
      ...each((kind) => phrase(config[`${kind}_text`], sounds[kind])),
      tracks,
      env,
    });
  }

  #fault(file: string, message: string, path = ''): void {
    this.faults.push({ file: `${this.#name}/${file}`, path, message });
  }

  /** Undefined where there is no such file; where it cannot be read as well, with a fault. */
  #try<T>(file: string, work: () => T): T | undefined {
    if (!this.#listing.stamps.has(file)) return undefined;
    try {
      return work();
    } catch (error) {
      this.#fault(file, messageOf(error));
      return undefined;
    }
  }

  #text(file: FileName): string | undefined {
    return this.#try(file, () => textOf(readInside(this.#listing.folder, file, FILE_LIMITS[file])));
  }

  #config(): RobotConfig | undefined {
    if (!this.#listing.stamps.has('config.json')) this.#fault('config.json', 'expected the description of the robot, there is no such file');
    const text = this.#text('config.json');
    if (text === undefined) return undefined;
    const file = `${this.#name}/config.json`;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      this.#fault('config.json', `expected JSON: ${jsonFault(text, messageOf(error))}`);
      return undefined;
    }
    const parsed = ROBOT_SCHEMA.safeParse(json, { error: expectation, reportInput: true });
    if (!parsed.success) this.faults.push(...faultsOf(file, json, parsed.error.issues));
    else if ('tools' in parsed.data) this.#checkTools(parsed.data.tools);
    return parsed.data;
  }

  #checkTools(tools: readonly ToolConfig[]): void {
    tools.forEach((tool, i) => {
      try {
        this.#options.checkTool(tool);
      } catch (error) {
        this.#fault('config.json', messageOf(error).replace(`tool ${tool.name}: `, ''), `tools.${i}.parameters`);
      }
    });
  }

  #env(): Readonly<Record<string, string>> {
    const text = this.#text('.env');
    if (text === undefined) return Object.freeze({});
    const { env, faults } = readEnv(text, `${this.#name}/.env`, this.#options.checkEnv);
    this.faults.push(...faults);
    return env;
  }

  #sound(file: string, maxBytes: number): Audio | undefined {
    const stamp = this.#listing.stamps.get(file);
    if (stamp === undefined) return undefined;
    const known = this.#known.get(file);
    const audio = known?.stamp === stamp ? known.audio : this.#try(file, () => decode(readInside(this.#listing.folder, file, maxBytes), file, this.#options.readAudio));
    if (audio !== undefined) this.sounds.set(file, { stamp, audio });
    return audio;
  }

  /** The recordings in tracks/ by name; files whose name cannot be one are faults. */
  #trackNames(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const file of this.#listing.stamps.keys()) {
      if (!file.startsWith('tracks/')) continue;
      const name = file.slice('tracks/'.length, -'.wav'.length);
      if (file.endsWith('.wav') && TRACK_NAME.test(name)) names.add(name);
      else this.#fault(file.slice(0, 100), 'expected a name of small letters, digits, - and _, ending in .wav');
    }
    if (names.size > MAX_TRACKS) this.#fault('tracks', `expected at most ${MAX_TRACKS} recordings, got more`);
    return names;
  }

  #tracks(names: ReadonlySet<string>): ReadonlyMap<string, Audio> {
    const tracks = new Map<string, Audio>();
    for (const name of names) {
      const audio = this.#sound(`tracks/${name}.wav`, MAX_TRACK_BYTES);
      if (audio !== undefined) tracks.set(name, audio);
    }
    return tracks;
  }

  #checkLength(): void {
    let totalMs = 0;
    for (const { audio } of this.sounds.values()) totalMs += durationMs(audio);
    if (totalMs > MAX_SOUNDS_MS) this.#fault('tracks', `expected recordings of at most ${MAX_SOUNDS_MS / 60_000} minutes altogether, got ${(totalMs / 60_000).toFixed(1)}`);
  }
}

const each = <T>(of: (kind: Sentence) => T): Record<Sentence, T> => ({ greeting: of('greeting'), fallback: of('fallback'), back: of('back'), goodbye: of('goodbye') });

const phrase = (text: string | undefined, audio: Audio | undefined): Phrase | undefined => (text === undefined && audio === undefined ? undefined : { text, audio });

/** The engine tells a position, which nobody can count, and quotes, which may be a key. */
function jsonFault(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message.replace(/, (\.\.\.)?".*$/s, '');
  const before = text.slice(0, Number(position)).split('\n');
  return `${message.replace(/ (in JSON )?at position.*$/s, '')} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
