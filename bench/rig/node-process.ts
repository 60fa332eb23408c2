import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../voice-node/config.js';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

export interface LogLine {
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface LiveKitAddress {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A real, built `voice-node start` in a process of its own, watched through its log and its HTTP interface. */
export class NodeProcess {
  readonly log: LogLine[] = [];
  /** Lines on standard error: there should be none. */
  readonly complaints: string[] = [];
  port = 0;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;

  private constructor(environment: Record<string, string>) {
    this.#child = spawn(process.execPath, [join(ROOT, 'dist/voice-node/main.js'), 'start'], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onLine(line));
    if (this.#child.stderr !== null) createInterface({ input: this.#child.stderr }).on('line', (line) => this.complaints.push(line));
    this.#child.on('exit', (code, signal) => {
      this.#exit = { code, signal };
      this.#wake();
    });
  }

  /** Starts a node with exactly these settings and waits for nothing. */
  static launch(environment: Record<string, string>): NodeProcess {
    return new NodeProcess(environment);
  }

  /** Starts a node on a free port and waits until it takes calls. */
  static async start(liveKit: LiveKitAddress, environment: Record<string, string> = {}): Promise<NodeProcess> {
    const node = new NodeProcess({
      LIVEKIT_URL: liveKit.url,
      LIVEKIT_API_KEY: liveKit.apiKey,
      LIVEKIT_API_SECRET: liveKit.apiSecret,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      ...environment,
    });
    const up = await node.waitForLog((line) => line.msg === 'voice-node is up', START_LIMIT_MS);
    node.port = up['port'] as number;
    await node.waitForLog((line) => line.msg === 'registered with the LiveKit server', START_LIMIT_MS);
    await node.#ready();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** The first line from index `from` on that matches, now or later. */
  async waitForLog(matches: (line: LogLine) => boolean, limitMs: number, from = 0): Promise<LogLine> {
    const endMs = Date.now() + limitMs;
    for (let at = from; ; at++) {
      while (at >= this.log.length) {
        if (this.#exit !== undefined) throw new Error(`the node has exited (${this.#exit.code ?? this.#exit.signal}): ${this.#tail()}`);
        if (Date.now() >= endMs) throw new Error(`the awaited log line did not come within ${limitMs} ms: ${this.#tail()}`);
        await this.#changed(endMs - Date.now());
      }
      const line = this.log[at];
      if (line !== undefined && matches(line)) return line;
    }
  }

  async createSession(robot: string): Promise<{ readonly room: string; readonly token: string; readonly url: string; readonly identity: string }> {
    const response = await fetch(`${this.url}/api/session/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ robot }),
    });
    if (!response.ok) throw new Error(`no session: ${response.status} ${await response.text()}`);
    return (await response.json()) as { room: string; token: string; url: string; identity: string };
  }

  /** Waits for its end, whatever ends it; resolves with the exit code, null after a signal. */
  async ended(limitMs: number): Promise<number | null> {
    const endMs = Date.now() + limitMs;
    while (this.#exit === undefined) {
      if (Date.now() >= endMs) throw new Error(`the node did not end within ${limitMs} ms: ${this.#tail()}`);
      await this.#changed(endMs - Date.now());
    }
    return this.#exit.code;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /** SIGTERM, then SIGKILL; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.#exit === undefined) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      while (this.#exit === undefined) await this.#changed(STOP_LIMIT_MS);
      clearTimeout(timer);
    }
    return this.#exit.code;
  }

  /** All media processes are up as well. */
  async #ready(): Promise<void> {
    const endMs = Date.now() + START_LIMIT_MS;
    while ((await fetch(`${this.url}/readyz`)).status !== 200) {
      if (Date.now() >= endMs) throw new Error(`the node was not ready within ${START_LIMIT_MS} ms: ${this.#tail()}`);
      await this.#changed(50);
    }
  }

  #onLine(line: string): void {
    try {
      this.log.push(JSON.parse(line) as LogLine);
    } catch {
      this.complaints.push(line);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #changed(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(1, limitMs));
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.#waiting.add(done);
    });
  }

  #tail(): string {
    return [...this.log.slice(-3).map((line) => JSON.stringify(line)), ...this.complaints.slice(-5)].join('\n');
  }
}
