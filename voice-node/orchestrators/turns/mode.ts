import type { ChatMessage } from '../../domain/llm.js';
import type { ConversationHost, Heard, Reply } from '../../domain/orchestrator.js';
import type { ModelStream } from './model-stream.js';

/** What becomes of an answer in the history. */
export interface Remembered {
  readonly answer: readonly ChatMessage[];
  /** Told to the model before the caller's next words. */
  readonly note?: string | undefined;
}

/** One turn to be answered. */
export interface Answering {
  readonly host: ConversationHost;
  readonly reply: Reply;
  /** Aborted once nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What the model was asked. */
  readonly messages: readonly ChatMessage[];
  /** The model's answer to that; perhaps begun a while ago. */
  readonly stream: ModelStream;
  /** To be called before anything is said: how to remember what was heard of it. */
  remember(how: (heard: Heard) => Remembered): void;
}

/** A robot that is greeted with words has said them before anybody asked. */
export type Greeting = Omit<Answering, 'messages' | 'stream'>;

/** How the words of the caller are answered: the difference between the modes that listen by themselves. */
export interface AnswerMode {
  /** Asks the model. Returns at once. */
  ask(messages: readonly ChatMessage[], signal: AbortSignal): ModelStream;
  /** What these words of the robot, heard before its process died, are in the history. */
  recall(text: string): Remembered;
  /** Says the answer, ends the reply. What it throws fails the reply. */
  answer(turn: Answering): Promise<void>;
  /** Speaks first, where the robot does; ends the reply. */
  readonly greet: ((greeting: Greeting) => Promise<void>) | undefined;
}
