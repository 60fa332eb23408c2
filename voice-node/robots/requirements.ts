import type { Robot } from './robot.js';
import type { LlmConfig, RealtimeConfig, SttConfig, TtsConfig } from './schema/providers.js';

/** What a robot may look for around it. Nothing here throws. */
export interface Surroundings {
  /** A variable of the robot's .env or of the node's environment; undefined where unset or empty. */
  env(name: string): string | undefined;
  /** Whether a program of this name is on PATH. */
  program(name: string): boolean;
  /** Whether an npm package is installed. */
  npmPackage(name: string): boolean;
  /** Whether there is such a folder. */
  folder(path: string): boolean;
  /** Whether pocketsphinx has been set up with its model. */
  pocketsphinx(): boolean;
  /** Whether a plugin of @livekit/agents is installed, with what all of them need. */
  livekitPlugin(plugin: string): boolean;
  /** Origins that tools may send to. */
  readonly toolOrigins: readonly string[];
}

export type PartKind = 'stt' | 'llm' | 'tts' | 'realtime';
export type PartConfig = SttConfig | LlmConfig | TtsConfig | RealtimeConfig;

/** Something that is needed and not there. */
export interface Lack {
  /** In short: a variable, a program, a package. */
  readonly thing: string;
  /** The whole sentence, such as `stt yandex: YANDEX_API_KEY is not set`. */
  readonly text: string;
}

/** The providers of one kind, in the order in which they are tried. */
export interface Part<T extends PartConfig = PartConfig> {
  readonly kind: PartKind;
  readonly usable: readonly T[];
  /** What the others lack. */
  readonly missing: readonly Lack[];
}

/** What a robot can work with. */
export interface Requirements {
  readonly parts: readonly Part[];
  /** What it cannot do without. Empty: it can take calls. */
  readonly missing: readonly Lack[];
  /** What it does without: providers of a list that are left out. */
  readonly notes: readonly string[];
}

/** Sorts a list of providers into those that can be used and what the others lack. */
export function usable<T extends PartConfig>(kind: PartKind, list: readonly T[], around: Surroundings): Part<T> {
  const missing: Lack[] = [];
  const good = list.filter((config) => {
    const lacks = lackOf(kind, config, around);
    missing.push(...lacks.map(({ thing, text }) => ({ thing, text: `${kind} ${nameOf(config)}: ${text}` })));
    return lacks.length === 0;
  });
  return { kind, usable: good, missing };
}

/** As it is written in short: `openai`, `livekit:deepgram`. */
export const nameOf = (config: PartConfig): string => (config.provider === 'livekit' ? `livekit:${config.plugin}` : config.provider);

/** The providers a robot names, by kind. */
export function partsOf({ config }: Pick<Robot, 'config'>): readonly { readonly kind: PartKind; readonly list: readonly PartConfig[] }[] {
  switch (config.mode) {
    case 'echo':
    case 'tone':
      return [];
    case 'pipeline':
      return [{ kind: 'stt', list: config.stt }, { kind: 'llm', list: config.llm }, { kind: 'tts', list: config.tts }];
    case 'llm_script':
      return [{ kind: 'stt', list: config.stt }, { kind: 'llm', list: config.llm }];
    case 'realtime':
      return [{ kind: 'realtime', list: [config.realtime] }];
  }
}

export function requirementsOf(robot: Robot, around: Surroundings): Requirements {
  const parts = partsOf(robot).map(({ kind, list }) => usable(kind, list, around));
  const [blocked, covered] = [parts.filter((part) => part.usable.length === 0), parts.filter((part) => part.usable.length > 0)];
  return {
    parts,
    missing: [...blocked.flatMap((part) => part.missing), ...toolsMissing(robot, around)],
    notes: covered.flatMap((part) => part.missing.map(({ text }) => `left out: ${text}`)),
  };
}

/** What the robot needs that is not there, a sentence each. Empty: it can take calls. */
export const missingFor = (robot: Robot, around: Surroundings): readonly string[] => requirementsOf(robot, around).missing.map(({ text }) => text);

function toolsMissing({ config }: Robot, { toolOrigins }: Surroundings): Lack[] {
  if (!('tools' in config)) return [];
  return config.tools.flatMap(({ name, url }) => {
    const { origin } = new URL(url);
    return toolOrigins.includes(origin) ? [] : [{ thing: `${origin} on TOOL_URLS`, text: `tool ${name}: ${origin} is not on TOOL_URLS` }];
  });
}

/** The variable that holds the key: the vendor's, unless the config names another one. */
const KEY_OF: Readonly<Record<string, string>> = { openai: 'OPENAI_API_KEY', azure: 'AZURE_OPENAI_API_KEY', yandex: 'YANDEX_API_KEY', elevenlabs: 'ELEVENLABS_API_KEY', local: 'LOCAL_API_KEY' };

/** The variable with a provider's key; undefined for those that have none. */
export function keyVariable(config: PartConfig): string | undefined {
  return ('api_key_env' in config ? config.api_key_env : undefined) ?? KEY_OF[config.provider];
}

const SHERPA = 'sherpa-onnx-node';

function lackOf(kind: PartKind, config: PartConfig, around: Surroundings): Lack[] {
  const unset = (...names: readonly (string | undefined)[]): Lack[] =>
    names.flatMap((name) => (name === undefined || around.env(name) !== undefined ? [] : [{ thing: name, text: `${name} is not set` }]));
  const absent = (there: boolean, thing: string, text: string): Lack[] => (there ? [] : [{ thing, text }]);
  const program = (name: string): Lack[] => absent(around.program(name), name, `the program ${name} is not on PATH`);
  switch (config.provider) {
    case 'openai':
    case 'elevenlabs':
      return unset(keyVariable(config));
    case 'azure':
      return unset(keyVariable(config), config.base_url === undefined ? 'AZURE_OPENAI_ENDPOINT' : undefined);
    case 'yandex':
      return unset(keyVariable(config), 'YANDEX_FOLDER_ID');
    case 'zvukogram':
      return unset('ZVUKOGRAM_TOKEN', 'ZVUKOGRAM_EMAIL');
    case 'local': {
      const address = config.base_url === undefined ? `LOCAL_${kind.toUpperCase()}_URL` : undefined;
      // A server of one's own seldom wants a key: only one that is named must be there.
      return unset(address, kind === 'llm' && config.model === undefined ? 'LOCAL_LLM_MODEL' : undefined, config.api_key_env);
    }
    case 'pocketsphinx':
      return absent(around.pocketsphinx(), 'pocketsphinx', 'pocketsphinx is not set up; scripts/up does that');
    case 'sherpa':
      return [...absent(around.npmPackage(SHERPA), SHERPA, `the package ${SHERPA} is not installed`), ...absent(around.folder(config.model_dir), config.model_dir, `there is no folder ${config.model_dir}`)];
    case 'livekit':
      return absent(around.livekitPlugin(config.plugin), `plugin ${config.plugin}`, `the plugin is not installed; scripts/livekit-plugins add ${config.plugin} does that`);
    case 'flite':
      return program('flite');
    case 'espeak':
      return program('espeak-ng');
    case 'demo':
      return [];
  }
}
