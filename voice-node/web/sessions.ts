import { randomBytes } from 'node:crypto';
import { RoomConfiguration, TrackSource } from '@livekit/protocol';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import { metadataByCaller } from '../domain/room-metadata.js';

const ASK_LIMIT_MS = 5000;
const TOKEN_TTL_S = 300;
/** A room that everybody has left is gone after this: who has lost his connection may come back. */
const DEPARTURE_TIMEOUT_S = 20;

export interface SessionOptions {
  /** Where the node reaches the server. */
  readonly url: string;
  /** Where the caller's browser reaches it. */
  readonly publicUrl: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface Session {
  readonly sessionId: string;
  readonly robot: string;
  readonly room: string;
  readonly identity: string;
  readonly token: string;
  readonly url: string;
}

/** Chosen before there is a room, and by nobody else. */
export interface SessionNames {
  readonly sessionId: string;
  readonly room: string;
}

export function newSessionNames(): SessionNames {
  const sessionId = randomBytes(16).toString('base64url');
  return { sessionId, room: `session-${sessionId}` };
}

/**
 * Makes sessions for callers. Room and identity are ours to choose; the token opens that room only, for minutes. The
 * room is made by the caller's joining, as the token says (livekit-server: the access token's RoomConfiguration counts
 * where the room does not exist; its room.auto_create must be on, as it is by default): so nothing is left of a caller
 * who never comes, and a robot that finds nobody there knows that he has gone again.
 */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #rooms: RoomServiceClient;

  constructor(options: SessionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#rooms = new RoomServiceClient(options.url.replace(/^ws/, 'http'), options.apiKey, options.apiSecret);
  }

  /** A name for the room and a token that makes it. Throws `worker_unreachable` where the server cannot be reached, or would not take the token. */
  async create(robot: string, { sessionId, room }: SessionNames = newSessionNames()): Promise<Session> {
    const identity = `caller-${randomBytes(6).toString('base64url')}`;
    try {
      await withDeadline(this.#clock, this.#rooms.listRooms([room]), ASK_LIMIT_MS, 'worker_unreachable', 'asking the LiveKit server');
    } catch (error) {
      throw new VoiceNodeError('worker_unreachable', `the LiveKit server cannot take a caller: ${messageOf(error)}`);
    }
    const token = new AccessToken(this.#options.apiKey, this.#options.apiSecret, { identity, ttl: TOKEN_TTL_S });
    token.addGrant({
      room,
      roomJoin: true,
      canSubscribe: true,
      canPublish: true,
      canPublishSources: [TrackSource.MICROPHONE],
      canPublishData: false,
      canUpdateOwnMetadata: false,
    });
    token.roomConfig = new RoomConfiguration({ metadata: metadataByCaller(robot), departureTimeout: DEPARTURE_TIMEOUT_S });
    return { sessionId, robot, room, identity, token: await token.toJwt(), url: this.#options.publicUrl };
  }
}
