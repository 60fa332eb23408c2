import { VoiceNodeError } from '../domain/errors.js';
import type { DetectorFactory } from '../providers/vad/create.js';
import type { Robot } from '../robots/robot.js';
import { loadConfiguredDetectors } from './call-maker.js';
import type { DetectorNeeds } from './detector-needs.js';
import type { RobotSettings } from './robot-settings.js';

/** The detectors of all robots. Loading takes a moment, a call must not: it is done at the start. */
export class RobotDetectors {
  readonly #needs: DetectorNeeds;
  readonly #factories: ReadonlyMap<string, DetectorFactory>;

  private constructor(needs: DetectorNeeds, factories: ReadonlyMap<string, DetectorFactory>) {
    this.#needs = needs;
    this.#factories = factories;
  }

  /** Throws `vad_failed` or `config_invalid`. */
  static async load(settings: RobotSettings, needs: DetectorNeeds): Promise<RobotDetectors> {
    const factories = new Map<string, DetectorFactory>();
    for (const [key, { robots }] of needs.groups) {
      const [first] = robots;
      if (first !== undefined) factories.set(key, await loadConfiguredDetectors(settings.of(first), robots));
    }
    return new RobotDetectors(needs, factories);
  }

  /** Throws `vad_failed` where the robot has changed to what was not loaded. */
  for(robot: Robot): DetectorFactory {
    const factory = this.#factories.get(this.#needs.keyFor(robot) ?? '');
    if (factory === undefined) throw new VoiceNodeError('vad_failed', `the detector of ${robot.name} was not loaded`);
    return factory;
  }

  close(): void {
    for (const factory of this.#factories.values()) factory.close();
  }
}
