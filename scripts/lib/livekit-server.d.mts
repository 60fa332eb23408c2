export interface Keys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface LiveKitPorts {
  readonly signalPort: number;
  readonly tcpPort: number;
  readonly udpPort: number;
}

export interface LiveKitServer {
  readonly url: string;
  readonly httpUrl: string;
  /** Asks it to end; kills it after 3 s. */
  stop(): Promise<void>;
  readonly child: {
    readonly process: { readonly pid?: number | undefined };
    readonly ended: Promise<{ code: number | null; signal: string | null }>;
    isRunning(): boolean;
    kill(): void;
    lastLines(count: number): string;
  };
}

export function freshKeys(): Keys;
export function startLiveKitServer(options: {
  binary?: string;
  keys: Keys;
  ports: LiveKitPorts;
  logFile: string;
  deadlineMs: number;
}): Promise<LiveKitServer>;
