/** What the model's process is started with, as JSON. */
export interface Setup {
  readonly file: string;
  /** The package that runs it, as `import` takes it. */
  readonly engine: string;
  readonly threads: number;
}

/** One question; the process answers them in order. */
export interface Question {
  readonly id: number;
  /** Mono int16. */
  readonly samples: Int16Array;
  readonly rateHz: number;
}

export type Answer =
  | { readonly type: 'ready' }
  /** It cannot be run at all. */
  | { readonly type: 'failed'; readonly reason: string }
  /** `probability` is undefined where this run failed. */
  | { readonly type: 'answer'; readonly id: number; readonly probability: number | undefined; readonly reason?: string };
