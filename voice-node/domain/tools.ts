/** What a language model is told of a tool. */
export interface ToolSpec {
  /** Letters, digits, - and _, at most 64. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments: an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Runs the tools that a robot declares in its config. */
export interface ToolRunner {
  readonly specs: readonly ToolSpec[];
  /**
   * Runs `name` with arguments that have the form of its schema; resolves with what the model is told, at most
   * some thousand characters. Rejects with `tool_failed`: unknown name, wrong arguments, no answer in time.
   */
  run(name: string, args: unknown, call: { readonly callId: string; readonly signal: AbortSignal }): Promise<string>;
}
