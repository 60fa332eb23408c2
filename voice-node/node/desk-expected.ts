/** Calls that were promised a place before there was a room. */
export interface ExpectedCalls {
  readonly waiting: number;
  has(room: string): boolean;
  /** It was offered: the books count it from now on. */
  came(room: string): void;
}
