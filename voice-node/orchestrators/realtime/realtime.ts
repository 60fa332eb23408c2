import type { Conversation, ConversationHost, Orchestrator } from '../../domain/orchestrator.js';
import { RealtimeConversation } from './conversation.js';
import type { RealtimeRobotOptions } from './options.js';

/** Speech-to-speech: a model that hears the caller and answers in its own voice. */
export class RealtimeOrchestrator implements Orchestrator {
  readonly mode = 'realtime';
  readonly #options: RealtimeRobotOptions;

  constructor(options: RealtimeRobotOptions) {
    this.#options = options;
  }

  open(host: ConversationHost): Conversation {
    return new RealtimeConversation(host, this.#options);
  }

  close(): void {
    this.#options.model.close?.();
  }
}
