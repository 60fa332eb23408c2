import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import { ROBOT_SCHEMA, type Robot } from './robot.js';

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/**
 * The robots of one folder, read once. A name from outside is only ever looked up among those that were found,
 * never joined to a path.
 */
export class RobotFolder {
  readonly #robots: ReadonlyMap<string, Robot>;

  /** Throws `robot_invalid` naming every fault of every robot, or `config_invalid` where there is no such folder. */
  constructor(folder: string) {
    if (!existsSync(folder)) throw new VoiceNodeError('config_invalid', `ROBOTS_DIR: expected a folder of robots, got ${folder}, which does not exist`);
    const robots = new Map<string, Robot>();
    const faults: string[] = [];
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const file = join(folder, entry.name, 'config.json');
      if (!existsSync(file)) continue;
      if (NAME.test(entry.name)) readRobot(entry.name, file, robots, faults);
      else faults.push(`${entry.name}: expected a folder name of small letters, digits, - and _`);
    }
    if (faults.length > 0) throw new VoiceNodeError('robot_invalid', faults.join('\n'));
    this.#robots = robots;
  }

  get names(): readonly string[] {
    return [...this.#robots.keys()].sort();
  }

  has(name: string): boolean {
    return this.#robots.has(name);
  }

  /** Throws `robot_unknown`. */
  get(name: string): Robot {
    const robot = this.#robots.get(name);
    if (robot === undefined) throw new VoiceNodeError('robot_unknown', `expected one of ${this.names.join(', ')}, got ${JSON.stringify(name.slice(0, 80))}`);
    return robot;
  }
}

function readRobot(name: string, file: string, robots: Map<string, Robot>, faults: string[]): void {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    faults.push(`${name}/config.json: expected JSON: ${messageOf(error)}`);
    return;
  }
  const parsed = ROBOT_SCHEMA.safeParse(json);
  if (parsed.success) {
    robots.set(name, { name, config: parsed.data });
    return;
  }
  for (const issue of parsed.error.issues) faults.push(`${name}/config.json: ${issue.path.join('.') || 'top level'}: ${issue.message}`);
}
