import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { faultText } from '../../../voice-node/robots/faults.js';
import { RobotFolder, type FolderOptions } from '../../../voice-node/robots/folder.js';
import type { Surroundings } from '../../../voice-node/robots/requirements.js';
import { readWav, writeWav } from '../../../voice-node/dsp/wav.js';

/** A folder of robots made for one test. */
export class Farm {
  readonly folder = mkdtempSync(join(tmpdir(), 'voice-node-robots-'));

  /** Writes files by their path inside the folder; an object becomes JSON. */
  write(files: Readonly<Record<string, string | Uint8Array | object>>): this {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.at(name)), { recursive: true });
      writeFileSync(this.at(name), typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
    }
    return this;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  remove(name: string): void {
    rmSync(this.at(name), { recursive: true });
  }

  open(options: Partial<FolderOptions> = {}): RobotFolder {
    return new RobotFolder({ folder: this.folder, readAudio: readWav, ...options });
  }

  /** Everything that is wrong with any robot, as it would be printed. */
  faults(options: Partial<FolderOptions> = {}): string[] {
    return RobotFolder.survey({ folder: this.folder, readAudio: readWav, ...options }).flatMap(({ faults }) => faults.map(faultText));
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A sine as a WAV file. */
export function sineWav(ms: number, rateHz = 16_000, frequencyHz = 440, amplitude = 8000): Uint8Array {
  const samples = Int16Array.from({ length: Math.round((ms * rateHz) / 1000) }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz)));
  return writeWav({ samples, rateHz });
}

export const ECHO = { mode: 'echo' };
export const PIPELINE = { mode: 'pipeline', stt: 'openai', llm: { provider: 'openai', model: 'm' }, tts: 'flite' };
export const REALTIME = { mode: 'realtime', realtime: { provider: 'openai' } };
export const SCRIPT = { mode: 'llm_script', stt: 'yandex', llm: 'yandex', fallback_track: 'again', tracks: { again: { description: 'When nothing else fits.' } } };

/** A world with nothing in it but what is given. */
export const world = (env: Readonly<Record<string, string>> = {}, more: Partial<Surroundings> = {}): Surroundings => ({
  env: (name) => env[name],
  program: () => false,
  npmPackage: () => false,
  folder: () => false,
  pocketsphinx: () => false,
  livekitPlugin: () => false,
  toolOrigins: [],
  ...more,
});
