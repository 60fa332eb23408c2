import { readEnvironment, requireKeys, type Keys } from '../config.js';
import type { Clock } from '../domain/clock.js';
import type { Log } from '../domain/observer.js';
import { systemClock } from '../platform/clock.js';
import { createLog, Secrets } from '../platform/log.js';
import { openRobots, type RobotsAtHand } from './robots-at-hand.js';
import { RobotSettings } from './robot-settings.js';
import { catchStrays } from './strays.js';

/** What every process of a node has, main or shard. */
export interface Equipment {
  readonly settings: RobotSettings;
  readonly keys: Keys;
  readonly atHand: RobotsAtHand;
  readonly clock: Clock;
  readonly log: Log;
  /** What the log does not show. */
  readonly secrets: Secrets;
}

export interface EquipmentOptions {
  /** The name of the shard, for the log; undefined in main. */
  readonly shard?: string;
}

/** Reads environment and robots, opens the log, and hides in it what is secret. Throws what is wrong with them: `config_invalid`, `robot_invalid` ... */
export function equip({ shard }: EquipmentOptions = {}): Equipment {
  const settings = new RobotSettings(readEnvironment());
  const keys = requireKeys(settings.node);
  const clock = systemClock;
  const secrets = new Secrets();
  secrets.add('', [keys.apiSecret, ...settings.secrets([])]);
  const all = createLog(settings.node.LOG_LEVEL, secrets);
  const log = shard === undefined ? all : all.child({ shard });
  catchStrays(log);
  // Main tells what changes in the robots' files; it is enough to hear it once.
  const atHand = openRobots({ settings, secrets, clock, log, reports: shard === undefined });
  return { settings, keys, atHand, clock, log, secrets };
}
