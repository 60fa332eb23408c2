/**
 * A model that tells from the sound of an utterance whether its speaker has finished, such as smart-turn. Given
 * by the operator; hearing does without. One serves all calls.
 */
export interface TurnModel {
  readonly name: string;
  /**
   * The probability, 0 to 1, that the turn is complete. `samples`: mono int16 at `rateHz`, the utterance so far,
   * at most the last 8 s, ending in the pause in question; owned by the receiver. Never rejects for bad luck:
   * resolves undefined where the model failed, was too slow or too busy (the plain rule then counts), or `signal` aborts.
   */
  predict(samples: Int16Array, rateHz: number, signal: AbortSignal): Promise<number | undefined>;
  close(): void;
}
