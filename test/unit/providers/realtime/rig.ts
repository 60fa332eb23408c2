import type { VoiceNodeError } from '../../../../voice-node/domain/errors.js';
import type { RealtimeListener, RealtimeOptions, RealtimeSession } from '../../../../voice-node/domain/realtime.js';
import { OpenAiRealtime, type RealtimeModelOptions } from '../../../../voice-node/providers/realtime/model.js';
import type { RealtimeVendorOptions } from '../../../../voice-node/providers/realtime/vendors.js';
import { CountingMeter, joined } from '../../call/rig.js';

/** Writes down everything a session tells. */
export interface Ear {
  readonly told: string[];
  /** Words of the answers, piece by piece. */
  readonly words: string[];
  /** Audio of the answers. */
  sound(): Int16Array;
  error: VoiceNodeError | undefined;
  /** Resolves when something that begins with `what` is told after this call. */
  next(what: string): Promise<void>;
  readonly listener: RealtimeListener;
}

export function earOf(): Ear {
  const waiting: { readonly what: string; readonly then: () => void }[] = [];
  const pieces: Int16Array[] = [];
  const tell = (what: string): void => {
    ear.told.push(what);
    for (const entry of waiting.filter((candidate) => what.startsWith(candidate.what))) {
      waiting.splice(waiting.indexOf(entry), 1);
      entry.then();
    }
  };
  const coded = (what: string, error?: VoiceNodeError): void => tell(error === undefined ? what : `${what} ${error.code}`);
  const ear: Ear = {
    told: [],
    words: [],
    sound: () => joined(pieces),
    error: undefined,
    next: (what) => new Promise((then) => waiting.push({ what, then })),
    listener: {
      ready: () => tell('ready'),
      speechStarted: () => tell('speech started'),
      speechStopped: () => tell('speech stopped'),
      committed: () => tell('committed'),
      transcript: (_item, text, final) => tell(`transcript ${final} ${text}`),
      responseStarted: () => tell('response started'),
      text: (_response, _item, delta) => void ear.words.push(delta),
      audio: (_response, _item, samples) => {
        if (pieces.push(samples) === 1) tell('first audio');
      },
      toolCall: (_response, callId, name, args) => tell(`tool ${name} ${args} ${callId}`),
      responseDone: (_response, how, error) => coded(`done ${how}`, error),
      refused: (error) => coded('refused', error),
      trouble: (error) => coded('trouble', error),
      ended: (error) => {
        ear.error = error;
        coded('ended', error);
      },
    },
  };
  return ear;
}

export const VENDOR = {
  vendor: 'openai',
  apiKey: 'key-of-the-fake',
  model: 'gpt-realtime',
  turnDetection: { type: 'node' },
  interruptResponse: true,
} as const satisfies RealtimeVendorOptions;

export interface Opened {
  readonly session: RealtimeSession;
  readonly ear: Ear;
  readonly meter: CountingMeter;
  readonly abort: AbortController;
}

export function openSession(options: Omit<RealtimeModelOptions, 'meter'>, session: Partial<RealtimeOptions> = {}): Opened {
  const meter = new CountingMeter();
  const ear = earOf();
  const abort = new AbortController();
  const model = new OpenAiRealtime({ ...options, meter });
  return { session: model.open({ instructions: 'Be brief.', tools: [], language: 'en-US', signal: abort.signal, ...session }, ear.listener), ear, meter, abort };
}

export const sine = (durationMs: number, rateHz: number, hz = 440, amplitude = 9000): Int16Array =>
  Int16Array.from({ length: (durationMs * rateHz) / 1000 }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)));
