import type { Audio } from '../../domain/audio.js';
import type { LanguageModel } from '../../domain/llm.js';
import type { Conversation, ConversationHost, Orchestrator } from '../../domain/orchestrator.js';
import type { SpeechToText } from '../../domain/stt.js';
import type { ToolRunner } from '../../domain/tools.js';
import type { TextToSpeech } from '../../domain/tts.js';
import { SpokenConversation } from '../turns/conversation.js';
import type { AnswerMode, Answering, Greeting, Remembered } from '../turns/mode.js';
import { ModelStream } from '../turns/model-stream.js';
import { answerAloud } from './answer.js';
import { Said } from './said.js';
import { Sentences } from './sentences.js';
import { Speech } from './speech.js';
import { toolSpecs, type ToolsOptions } from './tools.js';

export interface PipelineOptions {
  readonly stt: SpeechToText;
  readonly llm: LanguageModel;
  readonly tts: TextToSpeech;
  /** What the model is told of its part; '' for nothing. */
  readonly prompt: string;
  /** BCP 47: of the caller and of the voice. */
  readonly language: string;
  /** Tools that the robot declares. */
  readonly tools?: ToolRunner | undefined;
  /** Whether the robot may hang up. */
  readonly endCall: boolean;
  /** What the robot says first: a recording, or words for its voice. */
  readonly greeting?: { readonly text: string | undefined; readonly audio: Audio | undefined } | undefined;
  /** Whether the model may begin before it is certain what the caller said. */
  readonly speculate: boolean;
  /** Messages of the conversation the model is shown, beside the prompt. */
  readonly historyMessages: number;
}

/** Speech to text, a language model, text to speech: each as a stream into the next. */
export class PipelineOrchestrator implements Orchestrator {
  readonly mode = 'pipeline';
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
    // The first one of a process takes 14 ms, in which calls would stand still: better now than while somebody waits.
    new Sentences(options.language).push('One. Two. Three.');
  }

  open(host: ConversationHost): Conversation {
    return new SpokenConversation(host, new PipelineMode(this.#options), this.#options);
  }

  close(): void {
    const { stt, llm, tts } = this.#options;
    stt.close?.();
    llm.close?.();
    tts.close?.();
  }
}

class PipelineMode implements AnswerMode {
  readonly greet: AnswerMode['greet'];
  readonly #options: PipelineOptions;
  readonly #tools: ToolsOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#tools = { runner: options.tools, endCall: options.endCall };
    const { greeting } = options;
    if (greeting?.text !== undefined || greeting?.audio !== undefined) this.greet = (turn) => this.#greet(turn, greeting.text, greeting.audio);
  }

  ask(messages: Parameters<AnswerMode['ask']>[0], signal: AbortSignal): ModelStream {
    return new ModelStream(this.#options.llm, messages, toolSpecs(this.#tools), signal);
  }

  recall(text: string): Remembered {
    return { answer: [{ role: 'assistant', content: text }] };
  }

  answer(turn: Answering): Promise<void> {
    return answerAloud({ ...this.#options, tools: this.#tools }, turn);
  }

  async #greet({ host, reply, signal, remember }: Greeting, text: string | undefined, audio: Audio | undefined): Promise<void> {
    const said = new Said();
    remember((heard) => ({ answer: said.asHeard(heard.text) }));
    const { shown } = said.begin();
    reply.chosen();
    if (audio !== undefined) {
      if (text !== undefined) {
        reply.text(text);
        shown(text);
      }
      await reply.audio(audio.samples, audio.rateHz);
    } else if (text !== undefined) {
      const { tts, language } = this.#options;
      const speech = new Speech({ tts, language, reply, clock: host.clock, signal });
      // As a whole: that is how it is found among the phrases that were kept.
      speech.say({ text, shown });
      await speech.end();
    }
    reply.end();
  }
}
