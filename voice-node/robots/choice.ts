import { VoiceNodeError } from '../domain/errors.js';
import type { Log, LogFields } from '../domain/observer.js';
import { wishOf } from '../domain/room-metadata.js';
import type { RobotFolder } from './folder.js';
import type { Lack } from './requirements.js';
import type { Robot } from './robot.js';

export interface ChoiceOptions {
  readonly robots: Pick<RobotFolder, 'all' | 'find' | 'names'>;
  /** The robot that takes a call which names none (ROBOT). */
  readonly defaultName: string;
  /** What the robot needs that is not there; empty: it can take calls. */
  readonly missing: (robot: Robot) => readonly Lack[];
  readonly log: Log;
}

/** A robot as the page offers it. */
export interface Offer {
  readonly name: string;
  readonly mode: string;
  readonly description?: string;
  readonly ready: boolean;
  /** What it needs before it can take calls. */
  readonly missing: readonly Lack[];
}

/** Decides which robot takes a call: the one the room names, else the default. */
export class RobotChoice {
  readonly #options: ChoiceOptions;
  /** The default as it was when it could last take calls: an edit must not leave the node without one. */
  #default: Robot;

  /** Throws `robot_unknown` or `robot_unavailable` where the default cannot take calls. */
  constructor(options: ChoiceOptions) {
    this.#options = options;
    const { robots, defaultName } = options;
    const robot = robots.find(defaultName);
    if (robot === undefined) throw new VoiceNodeError('robot_unknown', `ROBOT: expected one of ${robots.names.join(', ')}, got ${JSON.stringify(defaultName)}`);
    const missing = options.missing(robot);
    if (missing.length > 0) throw new VoiceNodeError('robot_unavailable', `ROBOT: expected a robot that can take calls, got ${JSON.stringify(defaultName)}, which lacks something:\n${missing.map(({ text }) => `  ${text}`).join('\n')}`);
    this.#default = robot;
  }

  get defaultName(): string {
    return this.#options.defaultName;
  }

  /** All robots, those that cannot take calls as well. */
  offers(): readonly Offer[] {
    return this.#options.robots.all().map((robot) => {
      const { name, config: { mode, description } } = robot;
      const missing = this.#options.missing(robot);
      return { name, mode, ...(description === undefined ? {} : { description }), ready: missing.length === 0, missing };
    });
  }

  /** The robot for a room with this metadata. Never throws: where the room names none that can take calls, the default does. */
  forRoom(metadata: string, fields: LogFields): Robot {
    const { robots, defaultName, missing, log } = this.#options;
    const wanted = wishOf(metadata).robot ?? defaultName;
    const robot = robots.find(wanted);
    const lacks = robot === undefined ? [] : missing(robot);
    if (wanted === defaultName) {
      if (robot !== undefined && lacks.length === 0) this.#default = robot;
      else log.warn({ ...fields, robot: defaultName, missing: lacks.map(({ text }) => text) }, 'the default robot cannot take calls any more; it goes on as it was');
      return this.#default;
    }
    if (robot !== undefined && lacks.length === 0) return robot;
    const names = { ...fields, wanted: wanted.slice(0, 80), robot: defaultName };
    if (robot === undefined) log.warn(names, 'the room names a robot that does not exist; the default takes the call');
    else log.warn({ ...names, missing: lacks.map(({ text }) => text) }, 'the room names a robot that cannot take calls; the default takes the call');
    return this.forRoom('', fields);
  }
}
