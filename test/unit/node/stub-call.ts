import type { CallEnd } from '../../../voice-node/domain/observer.js';
import type { CallView } from '../../../voice-node/domain/operations.js';
import { wallMs } from '../../../voice-node/domain/time.js';
import type { CallNews, LiveCall } from '../../../voice-node/node/live-calls.js';
import type { CallRequest } from '../../../voice-node/node/shard.js';

export const requestOf = (callId: string, room = `room-of-${callId}`): CallRequest => ({
  callId,
  room,
  token: 'a token',
  identity: `robot-${callId}`,
  metadata: '',
  acceptedMs: wallMs(1_700_000_000_000),
});

/** A call that does as the test says; it hangs up at once, and says good-bye until it is told to `finish`. */
export class StubCall implements LiveCall {
  readonly callId: string;
  readonly request: CallRequest;
  readonly news: CallNews;
  readonly done: Promise<CallEnd>;
  isDeserted = false;
  started = 0;
  goodbyes = 0;
  ticks = 0;
  lateTicks = 0;
  end: CallEnd | undefined;
  /** It does not come to its end, whatever it is told. */
  stubborn = false;
  #resolve!: (end: CallEnd) => void;

  constructor(request: CallRequest, news: CallNews) {
    this.callId = request.callId;
    this.request = request;
    this.news = news;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  start(): void {
    this.started++;
  }

  hangUp(end: CallEnd): void {
    if (!this.stubborn) this.finish(end);
  }

  sayGoodbye(): void {
    this.goodbyes++;
  }

  finish(end: CallEnd): void {
    this.end ??= end;
    this.#resolve(this.end);
  }

  view(): CallView {
    const phase = this.end === undefined ? 'listening' : 'ended';
    return { callId: this.callId, room: this.request.room, robot: 'echo', phase, turns: 0, lateTicks: this.lateTicks, ticks: this.ticks, rejoins: 0 };
  }
}
