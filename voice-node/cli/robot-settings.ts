import { accessSync, constants, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { cacheFolder, loadConfig, ROOT, VARIABLES, type Config, type Environment } from '../config.js';
import { VoiceNodeError } from '../domain/errors.js';
import { readWav } from '../dsp/wav.js';
import { isInstalled } from '../providers/livekit-plugin/child.js';
import { compileSchema } from '../providers/tools/schema.js';
import type { FolderOptions } from '../robots/folder.js';
import { keyVariable, partsOf, type Surroundings } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';

const require = createRequire(import.meta.url);

/** The settings robots live by: their own .env over the node's environment, and what there is around them. */
export class RobotSettings {
  /** The node's own. */
  readonly node: Config;
  readonly #environment: Environment;
  readonly #configs = new WeakMap<Robot, Config>();

  /** Throws `config_invalid`. `environment` is read once: all robots stand on the same ground. */
  constructor(environment: Environment) {
    this.#environment = environment;
    this.node = loadConfig(environment);
  }

  /** How the robots' folder is to be read. */
  get folder(): FolderOptions {
    return { folder: resolve(ROOT, this.node.ROBOTS_DIR), readAudio: readWav, checkEnv: (env) => this.#faultsOf(env), checkTool: (tool) => void compileSchema(tool) };
  }

  /** The configuration for calls of this robot: its .env comes before the node's environment. */
  of(robot: Robot): Config {
    const known = this.#configs.get(robot) ?? loadConfig({ ...this.#environment, ...robot.env });
    this.#configs.set(robot, known);
    return known;
  }

  /** What the robot finds around it. */
  around(robot: Robot): Surroundings {
    const environment = { ...this.#environment, ...robot.env };
    const program = (name: string): boolean => isProgram(name, this.#environment['PATH'] ?? '');
    return {
      env: (name) => (Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined) || undefined,
      program,
      npmPackage: isPackage,
      folder: (path) => statSync(resolve(ROOT, path), { throwIfNoEntry: false })?.isDirectory() ?? false,
      pocketsphinx: () => isExecutable(join(cacheFolder(this.node), 'pocketsphinx', 'bin', 'python')),
      livekitPlugin: (plugin) => isInstalled(join(cacheFolder(this.node), 'livekit-plugins'), plugin),
      toolOrigins: this.node.TOOL_URLS,
    };
  }

  /** What must never be seen in the log: keys, tokens and passwords of the node and of `robots`. */
  secrets(robots: readonly Robot[]): readonly string[] {
    const found = Object.keys(VARIABLES).flatMap((name) => (isSecret(name) ? this.#environment[name] : []));
    found.push(passwordIn(this.node.JOURNAL));
    for (const robot of robots) {
      for (const [name, value] of Object.entries(robot.env)) if (isSecret(name)) found.push(value);
      const around = this.around(robot);
      for (const { list } of partsOf(robot)) found.push(...list.map((part) => around.env(keyVariable(part) ?? '')));
    }
    return [...new Set(found.flatMap((value) => value?.trim() || []))];
  }

  #faultsOf(env: Readonly<Record<string, string>>): string[] {
    try {
      loadConfig({ ...this.#environment, ...env });
      return [];
    } catch (error) {
      if (error instanceof VoiceNodeError && error.code === 'config_invalid') return error.message.split('\n').slice(1).map((line) => line.trim());
      throw error;
    }
  }
}

const isSecret = (name: string): boolean => /KEY|SECRET|TOKEN|PASSWORD|PROXY/.test(name) && name !== 'LIVEKIT_API_KEY';

/** As it is written in the URL: what could repeat it repeats the URL. */
const passwordIn = (url: string | undefined): string | undefined => (url !== undefined && URL.canParse(url) ? new URL(url).password : undefined);

const isProgram = (name: string, path: string): boolean => path.split(delimiter).some((folder) => folder !== '' && isExecutable(join(folder, name)));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isPackage(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch (error) {
    // A package that can only be imported is there all the same.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}
