import { messageOf } from '../../domain/errors.js';
import type { ToolCall } from '../../domain/llm.js';
import type { ToolRunner, ToolSpec } from '../../domain/tools.js';

/** In one answer; a model that asks for more has lost its way. */
const MAX_CALLS = 16;
/** What a model is told of a result, in characters. */
const MAX_RESULT_CHARS = 8000;

export const END_CALL: ToolSpec = {
  name: 'end_call',
  description: 'Ends the telephone call. Say good-bye in the same answer, before calling this. Only when the caller has nothing more to ask or wants to end the call.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};

export interface ToolsOptions {
  readonly runner: ToolRunner | undefined;
  /** Whether the robot may hang up. */
  readonly endCall: boolean;
}

/** What the model may call. */
export const toolSpecs = ({ runner, endCall }: ToolsOptions): readonly ToolSpec[] => [...(runner?.specs ?? []), ...(endCall ? [END_CALL] : [])];

/** The tool calls of one answer. A failure is told to the model in words: it is no reason for silence. */
export class ToolCalls {
  readonly #options: ToolsOptions;
  readonly #run: { readonly callId: string; readonly signal: AbortSignal };
  #begun = 0;
  #hangUp = false;

  constructor(options: ToolsOptions, run: { readonly callId: string; readonly signal: AbortSignal }) {
    this.#options = options;
    this.#run = run;
  }

  /** The model wants to end the call. */
  get hangUp(): boolean {
    return this.#hangUp;
  }

  /**
   * Begins what the model called. `call` is what may be shown to a model again: with an id, and with arguments
   * that are JSON. `run` resolves with what the model is told, and never rejects.
   */
  begin({ id, name, arguments: text }: ToolCall): { readonly call: ToolCall; readonly run: Promise<string> } {
    const number = ++this.#begun;
    const args = objectIn(text);
    const call: ToolCall = { id: id === '' ? `call-${number}` : id, name, arguments: args === undefined ? '{}' : text.trim() || '{}' };
    return { call, run: this.#result(number, name, args) };
  }

  async #result(number: number, name: string, args: object | undefined): Promise<string> {
    const { runner, endCall } = this.#options;
    if (number > MAX_CALLS) return `Error: expected at most ${MAX_CALLS} tool calls in one answer.`;
    if (name === END_CALL.name && endCall) {
      this.#hangUp = true;
      return 'The call ends once you have said good-bye. Say it now, if you have not.';
    }
    if (runner === undefined) return 'Error: there is no such tool.';
    if (args === undefined) return 'Error: expected the arguments as a JSON object.';
    try {
      return (await runner.run(name, args, this.#run)).slice(0, MAX_RESULT_CHARS);
    } catch (error) {
      return `Error: ${messageOf(error)}`.slice(0, MAX_RESULT_CHARS);
    }
  }
}

/** The arguments that a model wrote; nothing is as good as an empty object. What they have to hold is the runner's business. */
export function objectIn(text: string): object | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
