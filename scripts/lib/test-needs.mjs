import { existsSync } from 'node:fs';
import { aptInstall } from './apt.mjs';
import { ScriptError } from './checkout.mjs';
import { needLiveKitBinary, onPath } from './livekit-binary.mjs';
import { tryRun } from './progress.mjs';
import { needRedis } from './redis-server.mjs';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const CHROMIUM_PLACES = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];
/** alsa-utils puts a human voice there: 48 kHz, mono, s16le. */
const RECORDING = '/usr/share/sounds/alsa/Front_Center.wav';

/** The Chromium to drive: CHROMIUM_BIN, else the first on PATH that runs. Undefined where there is none. */
export async function findChromium(env = process.env) {
  const named = env.CHROMIUM_BIN;
  const candidates = named ? [named] : [...CHROMIUM_NAMES.map((name) => onPath(name, env)), ...CHROMIUM_PLACES.filter(existsSync)];
  for (const path of candidates) {
    // Ubuntu's /usr/bin/chromium-browser is only a note that there is a snap: ask it.
    if (path !== undefined && /Chrom/.test((await tryRun(path, ['--version'])) ?? '')) return path;
  }
  if (named) throw new ScriptError(`CHROMIUM_BIN: expected a Chromium that runs, got '${named}'`);
  return undefined;
}

/** Installs what the browser tests need: Chromium and a recording of a voice. Returns Chromium's path. */
export async function needBrowser() {
  const missing = [];
  if ((await findChromium()) === undefined) missing.push('chromium');
  if (!existsSync(RECORDING)) missing.push('alsa-utils');
  if (missing.length > 0) await aptInstall(missing);
  const chromium = await findChromium();
  if (chromium === undefined) throw new ScriptError('there is still no Chromium that runs; install one and set CHROMIUM_BIN to its path');
  if (!existsSync(RECORDING)) throw new ScriptError(`alsa-utils did not bring ${RECORDING}`);
  return chromium;
}

/** Installs the recordings alone. */
export async function needRecordings() {
  if (!existsSync(RECORDING)) await aptInstall(['alsa-utils']);
}

export { needLiveKitBinary, needRedis };
