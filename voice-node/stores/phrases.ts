import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Audio } from '../domain/audio.js';
import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { PhraseStore } from '../domain/tts.js';
import { readWav, writeWav } from '../dsp/wav.js';

const NAME = /^[0-9a-f]{64}\.wav$/;
/** How far it is cleared out once it is full, so that not every new phrase does it again. */
const FILL_AFTER_CLEARING = 0.8;

/**
 * Phrases as WAV files in one folder, named by the hash of their key: nobody can read from it what was said, but
 * anybody can listen to it. Bounded; those not used for the longest go first. Several processes may share it. A
 * disk that fails costs nothing but the synthesis it would have saved.
 */
export class PhraseFolder implements PhraseStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #clearing: Promise<void> | undefined;
  #bytes: number | undefined;

  constructor(folder: string, maxBytes: number, clock: Clock, log: Log) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#log = log;
  }

  async get(key: string): Promise<Audio | undefined> {
    const file = this.#file(key);
    try {
      const audio = readWav(await readFile(file), 'a stored phrase');
      await this.#used(file);
      return audio;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble(error);
      return undefined;
    }
  }

  async put(key: string, audio: Audio): Promise<void> {
    const bytes = writeWav(audio);
    if (bytes.length > this.#maxBytes) return;
    const file = this.#file(key);
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(draft, bytes);
      await this.#used(draft);
      await rename(draft, file);
      this.#bytes = this.#bytes === undefined ? await this.#measure() : this.#bytes + bytes.length;
      if (this.#bytes > this.#maxBytes) await (this.#clearing ??= this.#clear().finally(() => (this.#clearing = undefined)));
    } catch (error) {
      this.#trouble(error);
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  #file(key: string): string {
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex')}.wav`);
  }

  async #used(file: string): Promise<void> {
    const now = this.#clock.wallMs() / 1000;
    await utimes(file, now, now).catch(() => undefined);
  }

  async #measure(): Promise<number> {
    return (await this.#files()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes the phrases unused for the longest, until there is room again. */
  async #clear(): Promise<void> {
    const files = (await this.#files()).sort((a, b) => b.usedMs - a.usedMs);
    let bytes = 0;
    for (const { file, size } of files) {
      if (bytes + size <= this.#maxBytes * FILL_AFTER_CLEARING) bytes += size;
      else await rm(file, { force: true });
    }
    this.#bytes = bytes;
  }

  async #files(): Promise<{ readonly file: string; readonly size: number; readonly usedMs: number }[]> {
    const files = [];
    for (const name of await readdir(this.#folder)) {
      if (!NAME.test(name)) continue;
      const file = join(this.#folder, name);
      const found = await stat(file).catch(() => undefined);
      if (found !== undefined) files.push({ file, size: found.size, usedMs: found.mtimeMs });
    }
    return files;
  }

  #trouble(error: unknown): void {
    this.#log.warn({ error: messageOf(error) }, 'the store of phrases failed; they are synthesised again');
  }
}
