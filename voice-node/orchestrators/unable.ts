import type { VoiceNodeError } from '../domain/errors.js';
import type { Conversation, ConversationHost, Orchestrator } from '../domain/orchestrator.js';

/** Stands in for a robot that could not be made: the caller hears the recorded apology, and the call has failed. */
export class UnableOrchestrator implements Orchestrator {
  readonly mode = 'unable';
  readonly #error: VoiceNodeError;

  constructor(error: VoiceNodeError) {
    this.#error = error;
  }

  open(host: ConversationHost): Conversation {
    host.beginReply().fail(this.#error);
    host.endCall('failed');
    return { speechEnded: () => undefined, stopPlayback: () => undefined, close: () => undefined };
  }
}
