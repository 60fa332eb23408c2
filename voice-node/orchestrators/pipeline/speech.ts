import type { Audio } from '../../domain/audio.js';
import type { Clock } from '../../domain/clock.js';
import type { Reply } from '../../domain/orchestrator.js';
import { monotonicMs } from '../../domain/time.js';
import type { TextToSpeech } from '../../domain/tts.js';
import { onAbort, orAborted, whileWanted } from '../abortable.js';
import { Flow } from '../flow.js';
import { Replay } from '../replay.js';
import { SoundStart } from './sound-start.js';
import { SpeakingRate, SpokenLines, type Line } from './spoken-lines.js';

/** Requests beside the one that is being played. One more is begun as soon as the one before it has its first sound. */
const LOOK_AHEAD = 2;
/** Of one request this much may wait to be played. */
const AHEAD_MS = 30_000;

export interface SpeechOptions {
  readonly tts: TextToSpeech;
  /** BCP 47. */
  readonly language: string;
  readonly reply: Reply;
  readonly clock: Clock;
  /** Aborted once nobody listens any more. */
  readonly signal: AbortSignal;
}

/** One request to the synthesiser. */
interface Request {
  readonly lines: Line[];
  readonly text: string | Replay<string>;
  readonly audio: Flow<Audio>;
  begun: boolean;
  /** It has made its first sound, or never will: the next request may begin. */
  sounds: boolean;
}

/**
 * Says pieces of text, in order: the next piece is synthesised while the one before is played. Where the voice
 * takes a stream, the first piece is spoken by itself, because it is known first, and the rest as one stream.
 */
export class Speech {
  /** Resolves when everything has been handed over or nobody listens; rejects with what went wrong, once what came before it was played. */
  readonly done: Promise<void>;
  readonly #options: SpeechOptions;
  readonly #requests: Request[] = [];
  readonly #rate = new SpeakingRate();
  #stream: Replay<string> | undefined;
  #playing = 0;
  #over = false;
  #news: (() => void) | undefined;
  /** When what was handed over will have been played. */
  #playsUntilMs = 0;

  constructor(options: SpeechOptions) {
    this.#options = options;
    this.done = this.#run();
    // Whoever says something waits for `done` sooner or later; until then a failure is nobody's.
    this.done.catch(() => undefined);
  }

  /** The next piece. Where `takesStream`, with the blank behind it. */
  say(line: Line): void {
    const { tts } = this.#options;
    if (this.#stream !== undefined) {
      this.#requests.at(-1)?.lines.push(line);
      this.#stream.push(line.text);
      return this.#wake();
    }
    let text: Request['text'] = line.text.trim();
    if (tts.takesStream && this.#requests.length > 0) {
      text = this.#stream = new Replay<string>();
      this.#stream.push(line.text);
    }
    this.#requests.push({ lines: [line], text, audio: new Flow(AHEAD_MS, durationOf), begun: false, sounds: false });
    this.#begin();
    this.#wake();
  }

  /** It may be a while until more is said: what was said until now is complete. */
  pause(): void {
    this.#stream?.end();
    this.#stream = undefined;
  }

  /** Nothing more is said. */
  end(): Promise<void> {
    this.pause();
    this.#over = true;
    this.#wake();
    return this.done;
  }

  /** Begins the requests whose turn it is. */
  #begin(): void {
    if (this.#options.signal.aborted) return;
    for (let at = this.#playing; at <= this.#playing + LOOK_AHEAD; at++) {
      const request = this.#requests[at];
      if (request === undefined || (at > 0 && this.#requests[at - 1]?.sounds !== true)) return;
      if (request.begun) continue;
      request.begun = true;
      void this.#synthesise(request);
    }
  }

  async #synthesise(request: Request): Promise<void> {
    const { tts, language, signal } = this.#options;
    const { text, audio } = request;
    const sounds = (): void => {
      if (request.sounds) return;
      request.sounds = true;
      this.#begin();
    };
    try {
      for await (const piece of whileWanted(tts.speak({ text, language, signal, connected: () => undefined, used: () => undefined }), signal)) {
        sounds();
        await orAborted(audio.push(piece), signal);
      }
      audio.end();
    } catch (error) {
      audio.fail(error);
    }
    sounds();
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    try {
      for (; !signal.aborted; this.#playing++) {
        this.#begin();
        const request = await this.#request(this.#playing);
        if (request === undefined) return;
        await this.#play(request);
        // Not needed any more, and some are long.
        request.lines.length = 0;
      }
    } catch (error) {
      await this.played();
      throw error;
    }
  }

  async #play({ lines, text: asked, audio }: Request): Promise<void> {
    const { reply, signal } = this.#options;
    const start = new SoundStart(this.#playing === 0);
    const spoken = new SpokenLines(lines, this.#rate.msPerChar);
    // The blank behind a line is shown when its audio is complete: then it is known how long its words are.
    let blank = '';
    const show = ({ text: words, shown }: Line): void => {
      const text = blank + words.trimEnd();
      blank = words.endsWith(' ') ? ' ' : '';
      reply.text(text);
      shown(text);
    };
    let totalMs = 0;
    for await (const piece of whileWanted(audio, signal)) {
      const { lead, sound } = start.take(piece);
      // Before its words are shown: silence is not part of one.
      if (lead !== undefined && !(await this.#hand(lead))) return;
      if (sound === undefined) continue;
      totalMs += durationOf(sound);
      for (let rest = sound; rest.samples.length > 0; ) {
        for (const line of spoken.due()) show(line);
        const [now, later] = splitAt(rest, spoken.untilNextMs);
        spoken.played(durationOf(now));
        if (!(await this.#hand(now))) return;
        rest = later;
      }
    }
    if (signal.aborted) return;
    const chars = typeof asked === 'string' ? asked.length : lines.reduce((sum, line) => sum + line.text.length, 0);
    this.#rate.learn(chars, totalMs);
    if (totalMs === 0) return;
    spoken.rest().forEach(show);
    if (blank !== '') {
      reply.text(blank);
      lines.at(-1)?.shown(blank);
    }
  }

  #hand(audio: Audio): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    this.#playsUntilMs = Math.max(this.#playsUntilMs, nowMs) + durationOf(audio);
    return this.#options.reply.audio(audio.samples, audio.rateHz);
  }

  /** Resolves when what was handed over has been played, as far as can be told from here, or nobody listens. */
  async played(): Promise<void> {
    const { clock, signal } = this.#options;
    if (signal.aborted || clock.nowMs() >= this.#playsUntilMs) return;
    await new Promise<void>((resolve) => {
      const timer = clock.at(monotonicMs(this.#playsUntilMs), () => {
        off();
        resolve();
      });
      const off = onAbort(signal, () => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Request number `at`, once it is there; undefined where there is none. */
  async #request(at: number): Promise<Request | undefined> {
    while (this.#requests[at] === undefined && !this.#over && !this.#options.signal.aborted) {
      await orAborted(new Promise<void>((resolve) => (this.#news = resolve)), this.#options.signal);
    }
    return this.#options.signal.aborted ? undefined : this.#requests[at];
  }

  #wake(): void {
    const wake = this.#news;
    this.#news = undefined;
    wake?.();
  }
}

const durationOf = ({ samples, rateHz }: Audio): number => (samples.length / rateHz) * 1000;

/** The first `durationMs` of `audio`, at least a sample, and the rest. */
function splitAt(audio: Audio, durationMs: number): readonly [Audio, Audio] {
  const { samples, rateHz } = audio;
  const at = durationMs === Infinity ? samples.length : Math.max(1, Math.ceil((durationMs * rateHz) / 1000));
  return [
    { samples: samples.subarray(0, at), rateHz },
    { samples: samples.subarray(at), rateHz },
  ];
}
