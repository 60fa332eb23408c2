import type { Clock } from '../domain/clock.js';
import type { Log } from '../domain/observer.js';
import type { Secrets } from '../platform/log.js';
import { RobotChoice } from '../robots/choice.js';
import { RobotFolder } from '../robots/folder.js';
import { requirementsOf, type Lack } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';
import { DetectorNeeds } from './detector-needs.js';
import type { RobotSettings } from './robot-settings.js';

export interface RobotsAtHand {
  readonly robots: RobotFolder;
  readonly choice: RobotChoice;
  readonly needs: DetectorNeeds;
  /** What a robot lacks before it can take calls. */
  missing(robot: Robot): readonly Lack[];
}

export interface RobotsPorts {
  readonly settings: RobotSettings;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether changes and faults of the robots' files are told: by one process of a node. */
  readonly reports: boolean;
}

/** The robots' folder of one process, watched while it runs; their secrets are hidden from the log at once. Throws `robot_invalid`, `robot_unknown`, `robot_unavailable` or `config_invalid`. */
export function openRobots({ settings, secrets, clock, log, reports }: RobotsPorts): RobotsAtHand {
  const robots = new RobotFolder({
    ...settings.folder,
    pause: () => new Promise((resolve) => void clock.at(clock.nowMs(), resolve)),
    onRead: (robot) => secrets.add(robot.name, settings.secrets([robot])),
  });
  if (reports) robots.reportTo(log);
  const needs = new DetectorNeeds(settings, robots.all());
  const missing = (robot: Robot): readonly Lack[] => [...requirementsOf(robot, settings.around(robot)).missing, ...needs.missing(robot)];
  const choice = new RobotChoice({ robots, defaultName: settings.node.ROBOT, missing, log });
  return { robots, choice, needs, missing };
}
