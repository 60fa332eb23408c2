import type { Audio } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import type { LanguageModel } from '../../domain/llm.js';
import type { Conversation, ConversationHost, Heard, Orchestrator } from '../../domain/orchestrator.js';
import type { SpeechToText } from '../../domain/stt.js';
import type { ToolSpec } from '../../domain/tools.js';
import { SpokenConversation } from '../turns/conversation.js';
import type { AnswerMode, Answering, Greeting, Remembered } from '../turns/mode.js';
import { ModelStream } from '../turns/model-stream.js';
import { wordingOf } from '../turns/wording.js';
import { choicePrompt, choiceTool, chosenIn, oneLine } from './choice.js';

/** Of a recording that was cut before this nobody has understood anything. */
const UNHEARD_MS = 500;

/** One of the robot's recordings. */
export interface Track {
  /** When to play it: what the model chooses by. */
  readonly description: string;
  /** Its words, for the page. */
  readonly text?: string | undefined;
  /** Shared by all calls; never changed. */
  readonly audio: Audio;
}

export interface ScriptOptions {
  readonly stt: SpeechToText;
  readonly llm: LanguageModel;
  /** By name. Closed: nothing else is ever played. */
  readonly tracks: ReadonlyMap<string, Track>;
  /** Name of the one that is played when the model chooses nothing that there is. */
  readonly fallbackTrack: string;
  /** What the model is told of its part; '' for nothing. */
  readonly prompt: string;
  /** BCP 47. */
  readonly language: string;
  /** What is played first. */
  readonly greeting?: { readonly text: string | undefined; readonly audio: Audio | undefined } | undefined;
  /** Messages of the conversation the model is shown, beside the prompt. */
  readonly historyMessages: number;
  /** Whether the model may choose before it is certain what the caller said. Default true. */
  readonly speculate?: boolean | undefined;
}

/** The caller is understood by a language model, and answered with recordings only. */
export class ScriptOrchestrator implements Orchestrator {
  readonly mode = 'llm_script';
  readonly #options: ScriptOptions;
  readonly #prompt: string;
  readonly #mode: ScriptMode;

  /** Throws `robot_invalid` where the fallback is not among the tracks. */
  constructor(options: ScriptOptions) {
    this.#options = options;
    this.#mode = new ScriptMode(options);
    this.#prompt = choicePrompt(options.prompt, options.tracks, options.fallbackTrack);
  }

  open(host: ConversationHost): Conversation {
    return new SpokenConversation(host, this.#mode, { ...this.#options, prompt: this.#prompt, speculate: this.#options.speculate ?? true });
  }

  close(): void {
    this.#options.stt.close?.();
    this.#options.llm.close?.();
  }
}

class ScriptMode implements AnswerMode {
  readonly greet: AnswerMode['greet'];
  readonly #options: ScriptOptions;
  readonly #fallback: Track;
  readonly #tools: readonly ToolSpec[];

  constructor(options: ScriptOptions) {
    const { tracks, fallbackTrack, greeting } = options;
    const fallback = tracks.get(fallbackTrack);
    if (fallback === undefined) throw new VoiceNodeError('robot_invalid', `expected a recording named ${fallbackTrack} as the fallback, got ${[...tracks.keys()].join(', ') || 'none'}`);
    this.#options = options;
    this.#fallback = fallback;
    this.#tools = [choiceTool([...tracks.keys()])];
    const audio = greeting?.audio;
    if (audio !== undefined) this.greet = (turn) => this.#greet(turn, greeting?.text, audio);
  }

  ask(messages: Parameters<AnswerMode['ask']>[0], signal: AbortSignal): ModelStream {
    return new ModelStream(this.#options.llm, messages, this.#tools, signal);
  }

  /** Words that are no recording's, such as the greeting, are told in a remark: as a message they would teach the model to answer in words. */
  recall(text: string): Remembered {
    const found = trackOf(text, this.#options.tracks);
    if (found === undefined) return { answer: [], note: `The caller has heard: "${oneLine(text)}"` };
    return { answer: [{ role: 'assistant', content: found.name }], note: found.whole ? undefined : `The caller interrupted ${found.name}.` };
  }

  async answer({ host, reply, signal, stream, remember }: Answering): Promise<void> {
    const { tracks, fallbackTrack } = this.#options;
    const chosen = await chosenIn(stream, tracks);
    stream.abort();
    if (signal.aborted) return;
    if (chosen === undefined) host.log.debug({}, 'the model chose no recording that there is; the fallback is played');
    const name = chosen ?? fallbackTrack;
    const track = tracks.get(name) ?? this.#fallback;
    remember((heard) => played(name, track.audio, heard));
    await play({ reply }, track.text, track.audio);
  }

  async #greet({ reply, remember }: Greeting, text: string | undefined, audio: Audio): Promise<void> {
    // A message of the robot in words would teach the model to answer in words.
    remember((heard) => ({ answer: [], note: heard.complete ? 'The caller has been greeted.' : 'The caller did not listen to the whole greeting.' }));
    await play({ reply }, text, audio);
  }
}

async function play({ reply }: Pick<Answering, 'reply'>, text: string | undefined, audio: Audio): Promise<void> {
  reply.chosen();
  if (text !== undefined) reply.text(text);
  const taken = reply.audio(audio.samples, audio.rateHz);
  reply.end();
  await taken;
}

/** The model sees its choices in the form in which it is to make them; what became of one is told in a remark. */
function played(name: string, { samples, rateHz }: Audio, heard: Heard): Remembered {
  if (!heard.complete && heard.heardMs < UNHEARD_MS) return { answer: [] };
  const lengthMs = (samples.length / rateHz) * 1000;
  const note = heard.complete ? undefined : `The caller interrupted ${name} after ${seconds(heard.heardMs)} of ${seconds(lengthMs)} s.`;
  return { answer: [{ role: 'assistant', content: name }], note };
}

/** The recording that says this, or is the only one that begins with it. */
function trackOf(text: string, tracks: ReadonlyMap<string, Track>): { readonly name: string; readonly whole: boolean } | undefined {
  const words = wordingOf(text);
  if (words === '') return undefined;
  const begin = [...tracks].filter(([, track]) => track.text !== undefined && `${wordingOf(track.text)} `.startsWith(`${words} `));
  const whole = begin.find(([, track]) => wordingOf(track.text ?? '') === words);
  const [name] = whole ?? (begin.length === 1 ? begin[0] : undefined) ?? [];
  return name === undefined ? undefined : { name, whole: whole !== undefined };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
