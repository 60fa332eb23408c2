// scripts/livekit-plugins add openai deepgram | remove deepgram | list   [--dir FOLDER]
// Plugins of @livekit/agents, for robots whose providers are called livekit:<plugin>.
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { explain, inRoot, requireNode, ScriptError } from './lib/checkout.mjs';

requireNode();

const { runShown, say } = await import('./lib/progress.mjs');
const { settings } = await import('./lib/settings.mjs');

/** Plugins demand exactly the agents they were made with; what npm calls the latest openai plugin is an old one. */
const VERSION = '1.9.0';
const PREFIX = '@livekit/agents-plugin-';
const USAGE = 'usage: scripts/livekit-plugins add NAME... | remove NAME... | list   [--dir FOLDER]';
const SOURCE = inRoot('sidecars', 'livekit-plugins');

/** The node looks there as well: config.ts, cacheFolder(). */
function defaultFolder() {
  return resolve(settings().CACHE_DIR ?? join(homedir(), '.cache', 'voice-node'), 'livekit-plugins');
}

function parse(args) {
  const at = args.indexOf('--dir');
  const folder = at < 0 ? defaultFolder() : args[at + 1] && resolve(args[at + 1]);
  const [command, ...names] = at < 0 ? args : args.toSpliced(at, 2);
  if (folder === undefined || !['add', 'remove', 'list'].includes(command) || (command === 'list') !== (names.length === 0)) throw new ScriptError(USAGE);
  const wrong = names.find((name) => !/^[a-z][a-z0-9-]{0,40}$/.test(name));
  if (wrong !== undefined) throw new ScriptError(`expected the name of a plugin, such as openai or deepgram, got '${wrong}'`);
  return { command, names, folder };
}

const dependencies = (folder) => (existsSync(join(folder, 'package.json')) ? JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies : {});

function installed(folder) {
  return Object.keys(dependencies(folder)).filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
}

const npm = (what, folder, args, hint) =>
  // Scripts are refused: none is needed, and that of onnxruntime-node (silero) downloads from elsewhere.
  runShown(what, 'npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, hint });

/** The packages that all plugins need, in the versions of our lock; those of an older voice-node are replaced. */
async function installHost(folder) {
  mkdirSync(folder, { recursive: true });
  const present = dependencies(folder);
  const isCurrent = Object.entries(dependencies(SOURCE)).every(([name, version]) => present[name] === version);
  for (const file of ['no-local-inference', 'load.mjs', ...(isCurrent ? [] : ['package.json', 'package-lock.json'])]) {
    cpSync(join(SOURCE, file), join(folder, file), { recursive: true });
  }
  // npm writes its record last: without it an install was cut short.
  const isWhole = existsSync(join(folder, 'node_modules', '.package-lock.json'));
  if (!isCurrent || !isWhole) await npm('installing @livekit/agents', folder, ['ci'], 'about 260 MB');
}

async function run({ command, names, folder }) {
  if (command === 'list') {
    for (const name of installed(folder)) process.stdout.write(`${name}\n`);
    return;
  }
  if (command === 'remove') {
    if (installed(folder).length > 0) await npm(`removing ${names.join(', ')}`, folder, ['uninstall', ...names.map((name) => PREFIX + name)]);
    return;
  }
  const wanted = [...new Set([...installed(folder), ...names])];
  await installHost(folder);
  const missing = wanted.filter((name) => !existsSync(join(folder, 'node_modules', PREFIX + name)));
  if (missing.length > 0) await npm(`installing ${missing.join(', ')}`, folder, ['install', '--save-exact', ...missing.map((name) => `${PREFIX}${name}@${VERSION}`)]);
  say(`✓ in ${folder}: ${installed(folder).join(', ')}`);
}

try {
  await run(parse(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`livekit-plugins: ${explain(error)}\n`);
  process.exitCode = error instanceof ScriptError && error.message === USAGE ? 2 : 1;
}
