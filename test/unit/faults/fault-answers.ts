import { writeWav } from '../../../voice-node/dsp/wav.js';

/** A healthy answer, in the pieces in which it comes. */
export interface Exchange {
  readonly kind: 'stt' | 'llm' | 'tts';
  /** Who asks: told by what is asked. */
  readonly caller: string;
  readonly type: string;
  /** Every one of them is a result, but for the last of a stream of events. */
  readonly pieces: readonly Uint8Array[];
  readonly gapMs: number;
  /** One more of the same. */
  readonly more: Uint8Array;
}

export interface Voice {
  readonly name: string;
  /** What the caller's speech consists of. */
  readonly hz: number;
  /** What the robot's speech to him consists of: samples of this size. */
  readonly level: number;
}

export const ALICE: Voice = { name: 'Alice', hz: 440, level: 6000 };
export const BOB: Voice = { name: 'Bob', hz: 1200, level: 9000 };

const RATE_HZ = 24_000;
/** About as fast as people talk. */
const MS_PER_CHAR = 60;
const utf8 = new TextEncoder();
const event = (value: object | string): Uint8Array => utf8.encode(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);

/** What is answered to a request of OpenAI's protocol. */
export function answerOf(path: string, body: unknown): Exchange {
  if (path.endsWith('/audio/transcriptions')) return transcript(body as Uint8Array);
  const asked = JSON.parse(body as string) as { messages?: { content: string }[]; input?: string };
  return path.endsWith('/chat/completions') ? completion(asked.messages?.at(-1)?.content ?? '') : speech(asked.input ?? '');
}

const callerIn = (text: string): string => (text.includes(BOB.name) ? BOB.name : ALICE.name);

function transcript(body: Uint8Array): Exchange {
  const caller = hzOf(body) > (ALICE.hz + BOB.hz) / 2 ? BOB.name : ALICE.name;
  const words = ['This ', 'is ', `${caller}, `, 'how ', 'are ', 'you?'];
  const delta = (delta: string): Uint8Array => event({ type: 'transcript.text.delta', delta });
  const pieces = [...words.map(delta), event({ type: 'transcript.text.done', text: words.join('') })];
  return { kind: 'stt', caller, type: 'text/event-stream', pieces, gapMs: 20, more: delta('and ') };
}

function completion(question: string): Exchange {
  const caller = callerIn(question);
  const words = `Dear ${caller}, I am very well today. Thank you for asking me, ${caller}.`.match(/\S+\s*/gu) ?? [];
  const chunk = (content: string, finish: string | null): Uint8Array => event({ id: 'c', choices: [{ index: 0, delta: finish === null ? { content } : {}, finish_reason: finish }] });
  // The last piece is what tells that it is over.
  const end = [chunk('', 'stop'), event('[DONE]')];
  const pieces = [...words.map((word) => chunk(word, null)), Uint8Array.from(end.flatMap((piece) => [...piece]))];
  return { kind: 'llm', caller, type: 'text/event-stream', pieces, gapMs: 30, more: chunk(`and once more, ${caller}. `, null) };
}

function speech(input: string): Exchange {
  const caller = callerIn(input);
  const level = caller === BOB.name ? BOB.level : ALICE.level;
  const samples = new Int16Array(Math.round((input.length * MS_PER_CHAR * RATE_HZ) / 1000));
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(level * Math.sin((2 * Math.PI * 300 * i) / RATE_HZ));
  const file = writeWav({ samples, rateHz: RATE_HZ });
  const step = (RATE_HZ * 2) / 10;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += step) pieces.push(file.slice(at, at + step));
  return { kind: 'tts', caller, type: 'audio/wav', pieces, gapMs: 25, more: file.slice(44, 44 + step) };
}

/** The frequency of the loud part of a WAV file among other things in a form. */
function hzOf(body: Uint8Array): number {
  const riff = Buffer.from(body.buffer, body.byteOffset, body.byteLength).indexOf('RIFF');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let crossings = 0;
  let loud = 0;
  let sign = 0;
  for (let at = riff + 44; at + 1 < body.length; at += 2) {
    const sample = view.getInt16(at, true);
    if (Math.abs(sample) < 500) continue;
    loud++;
    if (sign !== 0 && Math.sign(sample) !== sign) crossings++;
    sign = Math.sign(sample);
  }
  return loud === 0 ? 0 : (crossings / 2 / loud) * 16_000;
}
