import type { Config } from '../config.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { DetectorKind } from '../domain/speech.js';
import type { DetectorFactory } from '../providers/vad/create.js';
import type { Lack } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';
import { loadConfiguredDetectors } from './call-maker.js';
import type { RobotSettings } from './robot-settings.js';

interface Loaded {
  readonly kinds: ReadonlySet<DetectorKind>;
  readonly factory: DetectorFactory;
}

/**
 * The detectors of all robots. Loading takes a moment, a call must not: it is done at the start, once for all
 * robots whose VAD settings are the same, which are normally all.
 */
export class RobotDetectors {
  readonly #settings: RobotSettings;
  readonly #loaded: ReadonlyMap<string, Loaded>;

  private constructor(settings: RobotSettings, loaded: ReadonlyMap<string, Loaded>) {
    this.#settings = settings;
    this.#loaded = loaded;
  }

  /** Throws `vad_failed` or `config_invalid`. */
  static async load(settings: RobotSettings, robots: readonly Robot[]): Promise<RobotDetectors> {
    const groups = new Map<string, Robot[]>();
    for (const robot of robots) {
      const key = keyOf(settings.of(robot));
      groups.set(key, [...(groups.get(key) ?? []), robot]);
    }
    const loaded = new Map<string, Loaded>();
    for (const [key, [first, ...rest]] of groups) {
      if (first === undefined) continue;
      const config = settings.of(first);
      const same = [first, ...rest];
      loaded.set(key, { kinds: new Set(same.map((robot) => kindOf(config, robot))), factory: await loadConfiguredDetectors(config, same) });
    }
    return new RobotDetectors(settings, loaded);
  }

  /** Throws `vad_failed` where the robot has changed to what was not loaded. */
  for(robot: Robot): DetectorFactory {
    const found = this.#find(robot);
    if (found === undefined) throw new VoiceNodeError('vad_failed', `the detector of ${robot.name} was not loaded`);
    return found.factory;
  }

  /** What keeps a robot that has changed from taking calls. */
  missing(robot: Robot): readonly Lack[] {
    if (this.#find(robot) !== undefined) return [];
    return [{ thing: 'a restart of the node', text: 'vad: other settings than any robot had when the node started; they are loaded at its next start' }];
  }

  close(): void {
    for (const { factory } of this.#loaded.values()) factory.close();
  }

  #find(robot: Robot): Loaded | undefined {
    const config = this.#settings.of(robot);
    const found = this.#loaded.get(keyOf(config));
    return found?.kinds.has(kindOf(config, robot)) === true ? found : undefined;
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
