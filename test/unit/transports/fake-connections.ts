import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { AgentState } from '../../../voice-node/domain/events.js';
import type { Log, Meter } from '../../../voice-node/domain/observer.js';
import type { LineListener } from '../../../voice-node/domain/transport.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import type { Connection, ConnectionListener, ConnectionSettings } from '../../../voice-node/transports/livekit/connection.js';
import { ConnectSlots } from '../../../voice-node/transports/livekit/connect-slots.js';
import { LiveKitLine, type LiveKitLineOptions } from '../../../voice-node/transports/livekit/line.js';

export type Server = 'up' | 'refuses' | 'hangs';

/** A server in three states and the connections that were made to it, on a clock that only moves when told to. */
export class FakeServer {
  readonly clock = new VirtualClock();
  readonly connections: FakeConnection[] = [];
  state: Server = 'up';
  /** How long it takes to let somebody in. */
  connectMs = 200;

  /** Connections that are being made right now. */
  get connecting(): number {
    return this.connections.filter((one) => one.phase === 'connecting').length;
  }

  /** Who is in the room. */
  get inside(): FakeConnection[] {
    return this.connections.filter((one) => one.phase === 'in');
  }

  get newest(): FakeConnection {
    return this.connections.at(-1) as FakeConnection;
  }

  make(settings: ConnectionSettings): FakeConnection {
    const connection = new FakeConnection(this, settings);
    this.connections.push(connection);
    return connection;
  }

  wait(ms: number): Promise<void> {
    return this.clock.advanceTo(this.clock.nowMs() + ms);
  }
}

export class FakeConnection implements Connection {
  readonly #server: FakeServer;
  readonly settings: ConnectionSettings;
  readonly startedMs: number;
  readonly told: unknown[] = [];
  readonly states: AgentState[] = [];
  token = '';
  phase: 'new' | 'connecting' | 'in' | 'refused' | 'closed' = 'new';
  listener: ConnectionListener | undefined;
  sent = 0;
  takesForEver = false;

  constructor(server: FakeServer, settings: ConnectionSettings) {
    this.#server = server;
    this.settings = settings;
    this.startedMs = server.clock.nowMs();
  }

  connect(token: string): Promise<void> {
    this.token = token;
    this.phase = 'connecting';
    const { clock, state, connectMs } = this.#server;
    return new Promise((resolve, reject) => {
      if (state === 'hangs') return;
      clock.at((clock.nowMs() + (state === 'up' ? connectMs : 20)) as ReturnType<typeof clock.nowMs>, () => {
        if (state === 'refuses') {
          this.phase = 'refused';
          reject(new VoiceNodeError('transport_connect', 'connection refused'));
        } else {
          if (this.phase === 'connecting') this.phase = 'in';
          resolve();
        }
      });
    });
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }

  start(listener: ConnectionListener): void {
    this.listener = listener;
  }

  send(): boolean {
    this.sent++;
    return true;
  }

  setAgentState(state: AgentState): void {
    this.states.push(state);
  }

  publishEvent(event: unknown): void {
    this.told.push(event);
  }

  transcript(...transcript: unknown[]): void {
    this.told.push(transcript);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.phase = 'closed';
    return this.takesForEver ? new Promise(() => undefined) : Promise.resolve();
  }
}

const nothing = (): undefined => undefined;
export const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => quiet };
const meter = new Proxy({} as Meter, { get: () => nothing });

/** A line to that server, and everything it told, in order. */
export function fakeLine(server: FakeServer, changed: Partial<LiveKitLineOptions> = {}, slots = new ConnectSlots(4), random = () => 0.5) {
  const heard: string[] = [];
  const identities: string[] = [];
  const removed: string[] = [];
  const options: LiveKitLineOptions = {
    url: 'ws://nowhere',
    room: 'room',
    token: 'token of robot',
    identity: 'robot',
    identityOf: (attempt) => `robot-${attempt}`,
    fresh: (identity) => Promise.resolve(`token of ${identity}`),
    identityChanged: (identity) => identities.push(identity),
    removeGhost: (identity) => {
      removed.push(identity);
      return Promise.resolve();
    },
    maxOutageMs: 600_000,
    ...changed,
  };
  const listener: LineListener = {
    company: (isThere, hungUp) => heard.push(isThere ? 'company' : `alone ${hungUp}`),
    callerJoined: (identity) => heard.push(`joined ${identity}`),
    callerLeft: (hungUp) => heard.push(`left ${hungUp}`),
    interrupted: () => heard.push('interrupted'),
    restored: () => heard.push('restored'),
    audio: () => heard.push('audio'),
    ended: (end) => heard.push(`ended ${end}`),
  };
  const line = new LiveKitLine(options, server.clock, meter, quiet, { connections: (settings) => server.make(settings), slots, random });
  const open = async (): Promise<void> => {
    const opening = line.open(listener);
    await server.wait(server.connectMs);
    await opening;
    await server.wait(0);
  };
  return { line, listener, heard, identities, removed, open };
}
