/** How a process has been doing since the last reading. */
export interface ProcessReading {
  /** Delay of the event loop beyond what was asked for, 99th percentile, in ms. 0 where nothing was measured. */
  readonly loopP99Ms: number;
  /** Part of the time that the event loop was busy: 0 to 1. */
  readonly utilisation: number;
  /** CPU time of all threads of the process over the time that passed, in cores. */
  readonly cpu: number;
  /** At the moment. */
  readonly residentBytes: number;
}

/** The instruments of this process. Live: platform/vitals.ts. */
export interface ProcessGauge {
  /** Everything since the last call, or since the gauge was made; begins anew. */
  read(): ProcessReading;
  /** Measures no more. */
  close(): void;
}
