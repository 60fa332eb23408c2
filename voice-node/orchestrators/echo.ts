import type { Conversation, ConversationHost, Orchestrator } from '../domain/orchestrator.js';
import type { Utterance } from '../domain/speech.js';
import { leadingSilence } from '../dsp/leading-silence.js';

/**
 * The pre-roll is there so that nothing is lost, and is mostly silence: played back it would only make the
 * caller wait. What is 40 dB below the voice is skipped, but for 100 ms in front of the first sound.
 */
const SILENCE_BELOW_PEAK_DB = 40;
const MARGIN_MS = 100;

/** Says back what the caller said: the shortest way through everything, and the way to hear what the node hears. */
export class EchoOrchestrator implements Orchestrator {
  readonly mode = 'echo';

  open(host: ConversationHost): Conversation {
    return {
      speechEnded(turn: number, utterance: Utterance): void {
        const reply = host.beginReply(turn);
        reply.understood();
        reply.chosen();
        const { samples, rateHz } = utterance;
        void reply.audio(samples.subarray(leadingSilence(samples, rateHz, SILENCE_BELOW_PEAK_DB, MARGIN_MS)), rateHz);
        reply.end();
      },
      stopPlayback: () => undefined,
      close: () => undefined,
    };
  }
}
