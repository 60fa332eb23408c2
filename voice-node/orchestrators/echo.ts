import type { Conversation, ConversationHost, Orchestrator } from '../domain/orchestrator.js';
import type { Utterance } from '../domain/speech.js';

/** Says back what the caller said: the shortest way through everything, and the way to hear what the node hears. */
export class EchoOrchestrator implements Orchestrator {
  readonly mode = 'echo';

  open(host: ConversationHost): Conversation {
    return {
      speechEnded(turn: number, utterance: Utterance): void {
        const reply = host.beginReply(turn);
        reply.understood();
        reply.chosen();
        void reply.audio(utterance.samples, utterance.rateHz);
        reply.end();
      },
      stopPlayback: () => undefined,
      close: () => undefined,
    };
  }
}
