import type { Fault } from './faults.js';
import { partsOf } from './requirements.js';
import type { RobotConfig } from './schema/robot.js';

/** Sentences that a robot may have of its own: `<name>.wav`, `<name>_text`. */
export const SENTENCES = ['greeting', 'fallback', 'back', 'goodbye'] as const;
export type Sentence = (typeof SENTENCES)[number];

/** What lies beside config.json. */
export interface Beside {
  readonly prompt: 'absent' | 'empty' | 'there';
  /** Which of its sentences are recorded. */
  readonly recorded: Readonly<Record<Sentence, boolean>>;
  /** Names of the recordings in tracks/, without their ending. */
  readonly tracks: ReadonlySet<string>;
}

const ENGLISH_ONLY: ReadonlySet<string> = new Set(['pocketsphinx', 'flite']);

/** What is right by itself but does not fit together: the config and the files beside it. `robot` is its name. */
export function crossFaults(robot: string, config: RobotConfig, beside: Beside): Fault[] {
  const faults: Fault[] = [];
  const fault = (file: string, path: string, message: string): void => void faults.push({ file: `${robot}/${file}`, path, message });
  if (config.mode === 'pipeline' || config.mode === 'realtime') {
    if (beside.prompt === 'absent') fault('prompt.txt', '', `mode ${config.mode} needs one: it tells the model who it is; got none`);
    else if (beside.prompt === 'empty') fault('prompt.txt', '', 'expected words that tell the model who it is, got an empty file');
  }
  const speaks = config.mode === 'pipeline' || config.mode === 'realtime';
  for (const kind of SENTENCES) {
    if (config[`${kind}_text`] !== undefined && !beside.recorded[kind] && !speaks) {
      fault('config.json', `${kind}_text`, `expected a ${kind}.wav with these words: mode ${config.mode} has no voice of its own to say them`);
    }
  }
  for (const { kind, list } of partsOf({ config })) {
    for (const { provider } of list) {
      if (ENGLISH_ONLY.has(provider) && !config.language.startsWith('en')) fault('config.json', kind, `${provider} knows English only, and language is ${config.language}`);
    }
  }
  if (config.mode === 'llm_script') trackFaults(config, beside.tracks, fault);
  return faults;
}

function trackFaults(config: Extract<RobotConfig, { readonly mode: 'llm_script' }>, found: ReadonlySet<string>, fault: (file: string, path: string, message: string) => void): void {
  for (const name of Object.keys(config.tracks)) if (!found.has(name)) fault('config.json', `tracks.${name}`, `expected the recording tracks/${name}.wav, there is none`);
  for (const name of found) if (!Object.hasOwn(config.tracks, name)) fault(`tracks/${name}.wav`, '', `expected a description in config.json under tracks.${name}, there is none`);
  const names = Object.keys(config.tracks);
  if (!Object.hasOwn(config.tracks, config.fallback_track)) {
    fault('config.json', 'fallback_track', `expected one of the tracks${names.length === 0 ? '' : ` ${names.slice(0, 20).join(', ')}`}, got ${JSON.stringify(config.fallback_track)}`);
  }
}
