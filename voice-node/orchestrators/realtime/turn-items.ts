/** Items whose turns are remembered: their transcripts come seconds later at most. */
const MAX_ITEMS = 50;

/** Which of our turns the items of a session belong to, which knows nothing of turns. */
export class TurnItems {
  /** Turns that were handed over, and whose items have not been named yet. */
  #open: number[] = [];
  readonly #turns = new Map<string, number>();

  /** Turns that were handed over and are not pieces of the conversation yet. */
  get anyOpen(): boolean {
    return this.#open.length > 0;
  }

  handOver(turn: number): void {
    this.#open.push(turn);
  }

  /** The item is that of `turn`, or else of the turn that was handed over first. */
  committed(itemId: string, turn: number | undefined): void {
    const mine = turn ?? this.#open.shift();
    if (mine === undefined) return;
    this.#turns.set(itemId, mine);
    for (const oldest of this.#turns.keys()) if (this.#turns.size > MAX_ITEMS) this.#turns.delete(oldest);
  }

  turnOf(itemId: string): number | undefined {
    return this.#turns.get(itemId);
  }

  /** Another session: what was not named will never be. */
  forgetOpen(): void {
    this.#open = [];
  }
}
