import type { Clock } from '../../../voice-node/domain/clock.js';
import type { FakeAnswerOptions, FakePart } from './realtime-answer.js';
import { FakeSession, type FakeWire } from './realtime-session.js';

/**
 * Where in the protocol a fault strikes: at the connection, in answer to the session's settings, when a turn was
 * committed, before an answer's first output, or in the middle of its audio.
 */
export type Moment = 'connect' | 'session' | 'committed' | 'created' | 'audio';
export const MOMENTS: readonly Moment[] = ['connect', 'session', 'committed', 'created', 'audio'];

/** What goes wrong. `close` 1006 is a line that ends without a close frame; `http` is possible at `connect` only. */
export type Fault =
  | 'refuse'
  | 'hang'
  | 'reset'
  | 'fin'
  | 'garbage'
  | 'bad_utf8'
  | 'dribble'
  | 'wrong_json'
  | 'wrong_event'
  | 'bad_base64'
  | 'endless'
  | 'error_event'
  | { readonly close: number; readonly reason?: string }
  | { readonly http: number; readonly retryAfter?: string };
type SessionFault = Exclude<Fault, 'refuse' | { readonly http: number }>;

export interface FaultPlan {
  readonly at: Moment;
  readonly fault: Fault;
  /** How often; default 1. */
  readonly times?: number;
  /** How many such moments pass before; default 0. */
  readonly after?: number;
}

export interface AnswerRequest {
  readonly session: FakeSession;
  /** Counts from 1 over all sessions. */
  readonly number: number;
  readonly instructions: string | undefined;
}

export interface FakeRealtimeOptions extends FakeAnswerOptions {
  readonly dialect: 'openai' | 'azure' | 'yandex';
  readonly key: string;
  /** What to answer. Default: some words. */
  answer(request: AnswerRequest): readonly FakePart[];
  /** What somebody said; undefined: it is not written down. */
  readonly transcribe?: ((audio: Int16Array) => string) | undefined;
  readonly transcriptMs: number;
  readonly sessionMaxMs?: number | undefined;
}

const DEFAULTS: FakeRealtimeOptions = {
  dialect: 'openai',
  key: 'key-of-the-fake',
  answer: ({ number }) => [{ type: 'say', text: `This is answer number ${number}, and it is long enough to be interrupted.` }],
  transcriptMs: 250,
  thinkMs: 200,
  deltaMs: 100,
  speed: 5,
  words: 'output_audio_transcript',
};

/**
 * A server that speaks OpenAI's Realtime protocol with audio, as OpenAI, Azure or Yandex do. Knows nothing of
 * sockets: realtime-server.ts puts it behind real ones, realtime-memory.ts hands it to a client directly.
 */
export class FakeRealtime {
  readonly clock: Clock;
  readonly options: FakeRealtimeOptions;
  readonly sessions: FakeSession[] = [];
  /** Connections that were tried, with those that were turned away. */
  attempts = 0;
  readonly #plans: { readonly plan: FaultPlan; passes: number; left: number }[] = [];
  #ids = 0;
  #answers = 0;

  constructor(clock: Clock, options: Partial<FakeRealtimeOptions> = {}) {
    this.clock = clock;
    this.options = { ...DEFAULTS, ...(options.dialect === 'yandex' ? { words: 'output_text' } : {}), ...options };
  }

  plan(plan: FaultPlan): void {
    this.#plans.push({ plan, passes: plan.after ?? 0, left: plan.times ?? 1 });
  }

  newId(kind: string): string {
    return `${kind}_${++this.#ids}`;
  }

  nextAnswer(): number {
    return ++this.#answers;
  }

  get session(): FakeSession {
    const last = this.sessions.at(-1);
    if (last === undefined) throw new Error('expected a session, there was none');
    return last;
  }

  get openSessions(): readonly FakeSession[] {
    return this.sessions.filter(({ open }) => open);
  }

  /** The fault that is due at this moment, if one is. Whoever asks at `connect` can meet all of them. */
  takeFault(moment: 'connect'): Fault | undefined;
  takeFault(moment: Moment): SessionFault | undefined;
  takeFault(moment: Moment): Fault | undefined {
    for (const entry of this.#plans) {
      if (entry.plan.at !== moment || entry.left === 0) continue;
      if (entry.passes-- > 0) continue;
      entry.left--;
      return entry.plan.fault;
    }
    return undefined;
  }

  /** What an upgrade is answered with: 101, or the status of a refusal. */
  statusOf(url: URL, headers: FakeSession['headers']): number {
    const { dialect, key } = this.options;
    const auth = { openai: ['authorization', `Bearer ${key}`], azure: ['api-key', key], yandex: ['authorization', `Api-Key ${key}`] } as const;
    const path = { openai: '/v1/realtime', azure: '/openai/v1/realtime', yandex: '/v1/realtime/openai' }[dialect];
    const [name, value] = auth[dialect];
    if (headers[name] !== value) return 401;
    if (headers['openai-beta'] !== undefined) return 400;
    return url.pathname === path && url.searchParams.get('model') !== null ? 101 : 404;
  }

  accept(wire: FakeWire, url: URL, headers: FakeSession['headers']): FakeSession {
    const session = new FakeSession(this, wire, url, headers);
    this.sessions.push(session);
    return session;
  }
}
