import { randomBytes } from 'node:crypto';
import { TrackSource } from '@livekit/protocol';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';

const CREATE_LIMIT_MS = 5000;
const TOKEN_TTL_S = 300;
/** A room nobody enters is gone after this; so is one that everybody has left. */
const EMPTY_TIMEOUT_S = 60;
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

/** Chosen before the room is made, and by nobody else. */
export interface SessionNames {
  readonly sessionId: string;
  readonly room: string;
}

export function newSessionNames(): SessionNames {
  const sessionId = randomBytes(16).toString('base64url');
  return { sessionId, room: `session-${sessionId}` };
}

/** Makes rooms for callers. Room and identity are ours to choose; the token opens that room only, for minutes. */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #rooms: RoomServiceClient;

  constructor(options: SessionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#rooms = new RoomServiceClient(options.url.replace(/^ws/, 'http'), options.apiKey, options.apiSecret);
  }

  /** Creates the room, which brings the robot into it, and a token. Throws `worker_unreachable`. */
  async create(robot: string, { sessionId, room }: SessionNames = newSessionNames()): Promise<Session> {
    const identity = `caller-${randomBytes(6).toString('base64url')}`;
    const creation = this.#rooms.createRoom({
      name: room,
      metadata: JSON.stringify({ robot }),
      emptyTimeout: EMPTY_TIMEOUT_S,
      departureTimeout: DEPARTURE_TIMEOUT_S,
    });
    try {
      await withDeadline(this.#clock, creation, CREATE_LIMIT_MS, 'worker_unreachable', 'creating a room');
    } catch (error) {
      throw new VoiceNodeError('worker_unreachable', `the LiveKit server did not create a room: ${messageOf(error)}`);
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
    return { sessionId, robot, room, identity, token: await token.toJwt(), url: this.#options.publicUrl };
  }
}
