import type { Config } from '../config.js';
import type { DetectorKind } from '../domain/speech.js';
import type { Lack } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';
import type { RobotSettings } from './robot-settings.js';

/** Robots whose VAD settings are the same share what is loaded; normally all do. */
interface Group {
  readonly robots: readonly Robot[];
  readonly kinds: ReadonlySet<DetectorKind>;
}

/** The detectors that the robots need which a node starts with: what it will have loaded, here or in its shards. */
export class DetectorNeeds {
  readonly #settings: RobotSettings;
  readonly #groups = new Map<string, Group>();

  constructor(settings: RobotSettings, robots: readonly Robot[]) {
    this.#settings = settings;
    for (const robot of robots) {
      const config = settings.of(robot);
      const known = this.#groups.get(keyOf(config));
      this.#groups.set(keyOf(config), { robots: [...(known?.robots ?? []), robot], kinds: new Set([...(known?.kinds ?? []), kindOf(config, robot)]) });
    }
  }

  /** What keeps a robot that has changed since from taking calls. */
  missing(robot: Robot): readonly Lack[] {
    if (this.keyFor(robot) !== undefined) return [];
    return [{ thing: 'a restart of the node', text: 'vad: other settings than any robot had when the node started; they are loaded at its next start' }];
  }

  /** Of the group that has what this robot needs. */
  keyFor(robot: Robot): string | undefined {
    const config = this.#settings.of(robot);
    const key = keyOf(config);
    return this.#groups.get(key)?.kinds.has(kindOf(config, robot)) === true ? key : undefined;
  }

  get groups(): ReadonlyMap<string, Group> {
    return this.#groups;
  }
}

const kindOf = (config: Config, robot: Robot): DetectorKind => robot.config.vad?.detector ?? config.VAD;

/** What the detectors themselves are made by; how long speech has to be is another matter. */
const keyOf = (config: Config): string =>
  [
    config.VAD_WEBRTC_MODE,
    config.VAD_ENERGY_THRESHOLD_RMS,
    config.VAD_SILERO_START,
    config.VAD_SILERO_STOP,
    config.VAD_ENERGY_SPEECH_FRAMES,
    config.VAD_ENERGY_INTERRUPT_FRAMES,
  ].join(' ');
