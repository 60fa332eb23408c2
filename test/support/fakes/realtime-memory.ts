import { monotonicMs } from '../../../voice-node/domain/time.js';
import type { ConnectSocket, RealtimeSocket, SocketEnd, SocketListener } from '../../../voice-node/providers/realtime/socket.js';
import type { FakeSession, FakeWire } from './realtime-session.js';
import type { FakeRealtime } from './realtime.js';

export interface MemoryWireOptions {
  /** One way. Default 20. */
  readonly latencyMs?: number;
}

/** Connects a client to the fake without a network, on the fake's clock: messages arrive in order, after `latencyMs`. */
export function memoryConnect(fake: FakeRealtime, { latencyMs = 20 }: MemoryWireOptions = {}): ConnectSocket & { readonly open: Set<RealtimeSocket> } {
  const open = new Set<RealtimeSocket>();
  const connect: ConnectSocket = (url, headers, listener) => new MemorySocket(fake, latencyMs, open, url, headers, listener);
  return Object.assign(connect, { open });
}

class MemorySocket implements RealtimeSocket {
  readonly #fake: FakeRealtime;
  readonly #latencyMs: number;
  readonly #listener: SocketListener;
  readonly #open: Set<RealtimeSocket>;
  #session: FakeSession | undefined;
  #over = false;
  #deaf = false;
  bufferedBytes = 0;

  constructor(fake: FakeRealtime, latencyMs: number, open: Set<RealtimeSocket>, url: string, headers: Readonly<Record<string, string>>, listener: SocketListener) {
    this.#fake = fake;
    this.#latencyMs = latencyMs;
    this.#listener = listener;
    this.#open = open;
    open.add(this);
    fake.attempts++;
    this.#later(() => this.#connect(new URL(url), headers));
  }

  send(text: string): void {
    if (!this.#over) this.#later(() => this.#session?.receive(text), true);
  }

  ping(): void {
    if (!this.#deaf) this.#later(() => this.#later(() => this.#listener.alive()));
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#open.delete(this);
    this.#later(() => this.#session?.gone(), true);
  }

  #later(task: () => void, always = false): void {
    const { clock } = this.#fake;
    clock.at(monotonicMs(clock.nowMs() + this.#latencyMs), () => {
      if (always || !this.#over) task();
    });
  }

  #end(end: SocketEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#open.delete(this);
    this.#session?.gone();
    this.#listener.ended(end);
  }

  #connect(url: URL, headers: Readonly<Record<string, string>>): void {
    const fault = this.#fake.takeFault('connect');
    if (typeof fault === 'object' && 'http' in fault) return this.#later(() => this.#end({ kind: 'refused', status: fault.http, retryAfter: fault.retryAfter }));
    if (fault === 'refuse') return this.#end({ kind: 'failed', detail: 'ECONNREFUSED' });
    if (fault === 'hang' || fault === 'dribble') {
      this.#deaf = true;
      return;
    }
    if (fault !== undefined && typeof fault === 'string') return this.#end({ kind: 'failed', detail: fault === 'reset' || fault === 'fin' ? 'ECONNRESET' : 'HPE_INVALID_CONSTANT' });
    const status = this.#fake.statusOf(url, headers);
    if (status !== 101) return this.#later(() => this.#end({ kind: 'refused', status, retryAfter: undefined }));
    this.#later(() => this.#listener.open());
    this.#session = this.#fake.accept(this.#wire(), url, headers);
    if (typeof fault === 'object') this.#session.close(fault.close, fault.reason ?? '');
  }

  #wire(): FakeWire {
    return {
      send: (text) => this.#later(() => this.#listener.message(text)),
      close: (code, reason) => this.#later(() => this.#end({ kind: 'closed', code, reason })),
      spoil: (how) => {
        switch (how) {
          case 'reset':
            return this.#later(() => this.#end({ kind: 'failed', detail: 'ECONNRESET' }));
          case 'fin':
            return this.#later(() => this.#end({ kind: 'closed', code: 1006, reason: '' }));
          case 'garbage':
            return this.#later(() => this.#end({ kind: 'failed', detail: 'WS_ERR_INVALID_OPCODE' }));
          case 'bad_utf8':
            return this.#later(() => this.#end({ kind: 'failed', detail: 'WS_ERR_INVALID_UTF8' }));
          case 'dribble':
            this.#deaf = true;
        }
      },
    };
  }
}
