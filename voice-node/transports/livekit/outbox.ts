import type { Room } from '@livekit/rtc-node';
import type { Clock } from '../../domain/clock.js';
import { withDeadline } from '../../domain/deadline.js';
import { messageOf } from '../../domain/errors.js';
import type { AgentState, CallerEvent } from '../../domain/events.js';
import type { Log } from '../../domain/observer.js';
import { bounded } from './bounded.js';

const TOPIC = 'voice-node';
const TRANSCRIPTION_TOPIC = 'lk.transcription';
const AGENT_STATE_ATTRIBUTE = 'lk.agent.state';
const SEND_LIMIT_MS = 5000;
/** Packets on their way; the strip's probabilities are the first to go. */
const MAX_PACKETS = 64;
const MAX_STRIP_PACKETS = 8;
const MAX_TRANSCRIPTS = 64;
const FLUSH_LIMIT_MS = 300;

export interface Transcript {
  readonly text: string;
  readonly segment: string;
  readonly final: boolean;
  readonly senderIdentity: string | undefined;
  readonly trackSid: string | undefined;
}

/**
 * Everything the node tells the front end. Best effort: bounded, in order where order matters, and never a
 * reason for a call to end.
 */
export class Outbox {
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #encoder = new TextEncoder();
  #packets = 0;
  #onEmpty: (() => void) | undefined;
  #wanted: AgentState | undefined;
  #sending = false;
  #transcripts = 0;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(room: Room, clock: Clock, log: Log) {
    this.#room = room;
    this.#clock = clock;
    this.#log = log;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#closing.abort();
  }

  /** Waits until what was published has been handed over, for a moment at most. Never rejects. */
  async flush(): Promise<void> {
    if (this.#packets === 0) return;
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await withDeadline(this.#clock, empty, FLUSH_LIMIT_MS, 'transport_timeout', 'the last events').catch(() => undefined);
  }

  publish(event: CallerEvent): void {
    const strip = event.type === 'vad';
    if (this.#closed || this.#packets >= (strip ? MAX_STRIP_PACKETS : MAX_PACKETS)) return;
    const data = this.#encoder.encode(JSON.stringify(event));
    this.#packets++;
    const send = async (): Promise<unknown> => this.#room.localParticipant?.publishData(data, { reliable: !strip, topic: TOPIC });
    void this.#do('data packet', send).then(() => {
      this.#packets--;
      if (this.#packets === 0) this.#onEmpty?.();
    });
  }

  /** The newest state wins; at most one request is on its way. */
  setAgentState(state: AgentState): void {
    this.#wanted = state;
    if (this.#sending || this.#closed) return;
    this.#sending = true;
    void this.#sendStates().then(() => (this.#sending = false));
  }

  transcript(transcript: Transcript): void {
    if (this.#closed || this.#transcripts >= MAX_TRANSCRIPTS) return;
    this.#transcripts++;
    this.#tail = this.#tail.then(() => this.#do('transcript', () => this.#sendTranscript(transcript))).then(() => this.#transcripts--);
  }

  async #sendStates(): Promise<void> {
    while (this.#wanted !== undefined && !this.#closed) {
      const state = this.#wanted;
      this.#wanted = undefined;
      await this.#do('agent state', async () => this.#room.localParticipant?.setAttributes({ [AGENT_STATE_ATTRIBUTE]: state }));
    }
  }

  async #sendTranscript({ text, segment, final, senderIdentity, trackSid }: Transcript): Promise<void> {
    const writer = await this.#room.localParticipant?.streamText({
      topic: TRANSCRIPTION_TOPIC,
      attributes: {
        'lk.segment_id': segment,
        'lk.transcription_final': String(final),
        ...(trackSid === undefined ? {} : { 'lk.transcribed_track_id': trackSid }),
      },
      ...(senderIdentity === undefined ? {} : { senderIdentity }),
    });
    if (writer === undefined) return;
    await writer.write(text);
    await writer.close();
  }

  /** Never rejects. */
  async #do(what: string, send: () => Promise<unknown>): Promise<void> {
    if (this.#closed) return;
    try {
      const { signal } = this.#closing;
      await bounded({ clock: this.#clock, signal, limitMs: SEND_LIMIT_MS, code: 'transport_timeout', what }, send());
    } catch (error) {
      if (!this.#closed) this.#log.debug({ error: messageOf(error) }, `${what} was not sent`);
    }
  }
}
