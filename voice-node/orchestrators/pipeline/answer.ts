import type { ChatMessage, LanguageModel, ToolCall } from '../../domain/llm.js';
import type { TextToSpeech } from '../../domain/tts.js';
import { orAborted } from '../abortable.js';
import type { Answering } from '../turns/mode.js';
import { ModelStream } from '../turns/model-stream.js';
import { Said } from './said.js';
import { Sentences, type Piece } from './sentences.js';
import { Speech } from './speech.js';
import { ToolCalls, toolSpecs, type ToolsOptions } from './tools.js';

/** How often the model may call tools before it has to answer in words. */
const MAX_TOOL_ROUNDS = 4;

export interface AnswerOptions {
  readonly llm: LanguageModel;
  readonly tts: TextToSpeech;
  /** BCP 47. */
  readonly language: string;
  readonly tools: ToolsOptions;
}

/** What the model wrote in one message, and what its tools said. */
interface Round {
  readonly text: string;
  readonly results: readonly { readonly call: ToolCall; readonly result: Promise<string> }[];
}

/**
 * Says the model's answer while it is being written. Tools run while the words before them are spoken, and the
 * model goes on with their results within the same reply.
 */
export async function answerAloud(options: AnswerOptions, turn: Answering): Promise<void> {
  const { host, reply, signal, remember } = turn;
  const said = new Said();
  remember((heard) => ({ answer: said.asHeard(heard.text) }));
  const speech = new Speech({ tts: options.tts, language: options.language, reply, clock: host.clock, signal });
  const writing = write(options, turn, said, speech);
  try {
    // A voice that fails is heard of at once, however long the model goes on writing.
    await Promise.race([writing.done, speech.done.then(() => writing.done)]);
  } catch (error) {
    // What the model had written before it failed is still said. If it is the voice that failed, that throws.
    await speech.end();
    await speech.played();
    throw error;
  }
  await speech.end();
  if (signal.aborted) return;
  if (writing.calls.hangUp) host.endCall();
  reply.end();
}

function write(options: AnswerOptions, turn: Answering, said: Said, speech: Speech): { readonly done: Promise<void>; readonly calls: ToolCalls } {
  const { host, signal } = turn;
  const calls = new ToolCalls(options.tools, { callId: host.callId, signal });
  const specs = toolSpecs(options.tools);
  const rounds = async (): Promise<void> => {
    let { stream } = turn;
    const messages: ChatMessage[] = [...turn.messages];
    let spoke = false;
    for (let left = MAX_TOOL_ROUNDS; ; left--) {
      const round = await hearOut(stream, options.language, turn, { said, speech, calls, mayCall: left > 0 });
      spoke ||= round.text.trim() !== '';
      if (signal.aborted || round.results.length === 0 || (calls.hangUp && spoke)) return;
      messages.push({ role: 'assistant', content: round.text, toolCalls: round.results.map(({ call }) => call) });
      for (const { call, result } of round.results) messages.push({ role: 'tool', toolCallId: call.id, content: (await orAborted(result, signal)) ?? '' });
      if (signal.aborted) return;
      // Who hangs up without a word is asked for his good-bye, and nothing else.
      if (calls.hangUp) left = 1;
      stream = new ModelStream(options.llm, messages.slice(), left === 1 ? [] : specs, signal);
    }
  };
  const done = rounds();
  done.catch(() => undefined);
  return { done, calls };
}

interface Hearing {
  readonly said: Said;
  readonly speech: Speech;
  readonly calls: ToolCalls;
  /** Whether the model was offered tools; what it calls nevertheless is not run. */
  readonly mayCall: boolean;
}

/** Takes one message of the model as it comes: words are said, tools begun. */
async function hearOut(stream: ModelStream, language: string, turn: Answering, { said, speech, calls, mayCall }: Hearing): Promise<Round> {
  const sentences = new Sentences(language);
  const { shown, called } = said.begin();
  const results: { call: ToolCall; result: Promise<string> }[] = [];
  let text = '';
  let begun = false;
  const say = (pieces: readonly Piece[]): void => {
    for (const piece of pieces) if (piece.text !== '') speech.say({ text: piece.text, shown });
  };
  for await (const part of stream) {
    if (!begun) turn.reply.chosen();
    begun = true;
    if (part.type === 'text') {
      text += part.delta;
      say(sentences.push(part.delta));
    } else if (mayCall) {
      const { call, run } = calls.begin(part);
      const record = called(call);
      const result = run.then((outcome) => {
        record(outcome);
        return outcome;
      });
      results.push({ call, result });
    }
  }
  // Where the model fails in the middle of a sentence this is not reached: half a sentence is not said.
  if (!turn.signal.aborted) say(sentences.end());
  speech.pause();
  return { text, results };
}
