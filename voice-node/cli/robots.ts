import { readEnvironment } from '../config.js';
import { VoiceNodeError } from '../domain/errors.js';
import { faultText, type Fault } from '../robots/faults.js';
import { RobotFolder, type Surveyed } from '../robots/folder.js';
import { nameOf, partsOf, requirementsOf } from '../robots/requirements.js';
import { parseArguments } from './arguments.js';
import { RobotSettings } from './robot-settings.js';
import { table } from './table.js';

export const ROBOTS_USAGE = 'robots [check [name...] [--json]]';

/** How a robot stands: it can take calls, lacks something from outside, or is wrong in itself. */
interface Finding {
  readonly name: string;
  readonly state: 'ready' | 'missing' | 'broken';
  /** Undefined where the config cannot be read. */
  readonly mode: string | undefined;
  /** By kind, as they are tried: `{"stt":["yandex","openai"]}`. */
  readonly providers: Readonly<Record<string, readonly string[]>>;
  readonly missing: readonly string[];
  readonly notes: readonly string[];
  readonly faults: readonly Fault[];
}

/**
 * `voice-node robots` lists the robots; `robots check` says everything that is wrong with them. Resolves with the
 * exit code: 0; of a check 1 where a robot only lacks something, 2 where one is broken. Throws `robot_unknown`.
 */
export function runRobots(args: readonly string[], stdout: NodeJS.WritableStream): number {
  const { values, positionals } = parseArguments('robots', ROBOTS_USAGE, args, { json: { type: 'boolean', default: false } }, true);
  const [action, ...names] = positionals;
  if (action !== undefined && action !== 'check') throw new VoiceNodeError('argument_invalid', `robots: expected check or nothing, got ${JSON.stringify(action)}; usage: voice-node ${ROBOTS_USAGE}`);
  const settings = new RobotSettings(readEnvironment());
  const all = RobotFolder.survey(settings.folder).map((surveyed) => find(surveyed, settings));
  const { ROBOT: preferred } = settings.node;
  if (action === undefined && !values.json) {
    stdout.write(list(all, preferred));
    return 0;
  }
  const chosen = names.length === 0 ? all : [...new Set(names)].map((name) => named(all, name));
  const faults = names.length === 0 && !all.some(({ name }) => name === preferred) ? [`ROBOT: expected one of ${all.map(({ name }) => name).join(', ')}, got ${JSON.stringify(preferred)}`] : [];
  stdout.write(values.json ? `${JSON.stringify({ default: preferred, faults, robots: chosen }, null, 2)}\n` : report(chosen, faults));
  if (action === undefined) return 0;
  if (faults.length > 0 || chosen.some(({ state }) => state === 'broken')) return 2;
  return chosen.some(({ state }) => state === 'missing') ? 1 : 0;
}

function find({ name, robot, faults }: Surveyed, settings: RobotSettings): Finding {
  if (robot === undefined) return { name, state: 'broken', mode: undefined, providers: {}, missing: [], notes: [], faults };
  const { missing, notes } = requirementsOf(robot, settings.around(robot));
  return {
    name,
    state: missing.length === 0 ? 'ready' : 'missing',
    mode: robot.config.mode,
    providers: Object.fromEntries(partsOf(robot).map(({ kind, list }) => [kind, list.map(nameOf)])),
    missing: missing.map(({ text }) => text),
    notes,
    faults,
  };
}

function named(all: readonly Finding[], name: string): Finding {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new VoiceNodeError('robot_unknown', `robots check: expected one of ${all.map((each) => each.name).join(', ')}, got ${JSON.stringify(name.slice(0, 80))}`);
  return found;
}

function list(all: readonly Finding[], preferred: string): string {
  const rows = all.map((each) => [
    each.name === preferred ? `${each.name} *` : each.name,
    each.mode ?? '?',
    Object.entries(each.providers).map(([kind, names]) => `${kind} ${names.join(', ')}`),
    stateOf(each),
  ]);
  return `${table(['robot', 'mode', 'providers', 'state'], rows)}\n* takes calls that name no robot (ROBOT). Where several providers stand, one is enough; the next takes over when it fails.\n`;
}

function stateOf({ state, missing, notes, faults }: Finding): string[] {
  if (state === 'broken') return [`broken, ${faults.length} fault${faults.length === 1 ? '' : 's'}: see robots check`];
  return state === 'ready' ? ['ready', ...notes] : [...missing];
}

function report(chosen: readonly Finding[], faults: readonly string[]): string {
  const lines = [...faults];
  for (const each of chosen) {
    lines.push(`${each.state.padEnd(8)} ${each.name}`);
    for (const text of [...each.faults.map(faultText), ...each.missing, ...each.notes]) lines.push(`           ${text}`);
  }
  const count = (state: Finding['state']): number => chosen.filter((each) => each.state === state).length;
  lines.push(`${count('ready')} of ${chosen.length} can take calls; ${count('missing')} lack something; ${count('broken')} broken`);
  return `${lines.join('\n')}\n`;
}
