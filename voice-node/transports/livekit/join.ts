import type { Clock } from '../../domain/clock.js';
import type { VoiceNodeError } from '../../domain/errors.js';
import { bounded } from './bounded.js';
import type { ConnectSlots } from './connect-slots.js';
import type { Connection } from './connection.js';

export interface JoinLimits {
  /** Waiting for a turn to connect. */
  readonly turnMs: number;
  readonly connectMs: number;
  readonly publishMs: number;
}

export interface JoinParts {
  readonly clock: Clock;
  readonly slots: ConnectSlots;
  readonly signal: AbortSignal;
  readonly room: string;
  readonly limits: JoinLimits;
  make(): Connection;
  /** The server knows this connection, or may come to know it: it took too long to be certain of the contrary. */
  mayBeIn(): void;
  /** The server has let it in. */
  in(): void;
  /** What was made and is of no use. */
  discard(connection: Connection): void;
}

/** One attempt to enter the room and be audible in it. Rejects with a VoiceNodeError within its limits. */
export async function join(token: string, parts: JoinParts): Promise<Connection> {
  const { clock, signal, slots, room, limits } = parts;
  const within = <T>(limitMs: number, what: string, code: VoiceNodeError['code'], work: Promise<T>): Promise<T> =>
    bounded({ clock, signal, limitMs, code, what }, work);
  const giveBack = await slots.take(clock, limits.turnMs, signal);
  const connection = parts.make();
  let refused = false;
  try {
    try {
      const connecting = connection.connect(token);
      connecting.catch(() => (refused = true));
      await within(limits.connectMs, `joining room ${room}`, 'transport_connect', connecting);
      parts.in();
    } catch (error) {
      if (!refused) parts.mayBeIn();
      throw error;
    } finally {
      giveBack();
    }
    await within(limits.publishMs, `publishing the robot's voice in room ${room}`, 'transport_publish', connection.publish());
    return connection;
  } catch (error) {
    parts.discard(connection);
    throw error;
  }
}
