import { ParticipantInfo_Kind, ParticipantInfo_State } from '@livekit/protocol';
import { AccessToken, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk';
import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';

/** Somebody in a room. */
export interface Person {
  readonly identity: string;
  /** A robot, ours or another. */
  readonly agent: boolean;
}

/** What the node asks of the LiveKit server about rooms. All reject with a VoiceNodeError `worker_unreachable` within a deadline. */
export interface Rooms {
  /** Who is in a room. Undefined, or nobody, where there is no such room: servers differ. */
  people(room: string): Promise<readonly Person[] | undefined>;
  /** Puts somebody out of a room. It is well where he has left already. */
  remove(room: string, identity: string): Promise<void>;
  /** A token by which a robot may join this room under this identity, as the dispatch would give it. */
  token(room: string, identity: string): Promise<string>;
}

export interface LiveKitRoomsOptions {
  /** Where the node reaches the server: ws, wss, http or https. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

const REQUEST_LIMIT_MS = 2000;
/** A robot joins at once, or its line asks for another token. */
const TOKEN_TTL_S = 600;

/** Rooms by LiveKit's own RoomService. */
export class LiveKitRooms implements Rooms {
  readonly #options: LiveKitRoomsOptions;
  readonly #clock: Clock;
  readonly #client: RoomServiceClient;

  constructor(options: LiveKitRoomsOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    const { url, apiKey, apiSecret } = options;
    this.#client = new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret, { requestTimeout: REQUEST_LIMIT_MS / 1000, failover: false });
  }

  async people(room: string): Promise<readonly Person[] | undefined> {
    const found = await this.#ask(`who is in room ${room}`, this.#client.listParticipants(room));
    return found
      ?.filter(({ state }) => state !== ParticipantInfo_State.DISCONNECTED)
      .map(({ identity, kind, permission }) => ({ identity, agent: kind === ParticipantInfo_Kind.AGENT || permission?.agent === true }));
  }

  async remove(room: string, identity: string): Promise<void> {
    await this.#ask(`putting ${identity} out of room ${room}`, this.#client.removeParticipant(room, identity));
  }

  /** The claims are those of livekit/protocol's BuildAgentToken for the permissions that the node registers with. */
  async token(room: string, identity: string): Promise<string> {
    const { apiKey, apiSecret } = this.#options;
    const token = new AccessToken(apiKey, apiSecret, { identity, name: 'Robot', ttl: TOKEN_TTL_S, attributes: { 'lk.agent_name': '' } });
    token.kind = 'agent';
    const grant: VideoGrant = { room, roomJoin: true, agent: true, canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: true };
    token.addGrant(grant);
    return token.toJwt();
  }

  /** Undefined where the server says that there is no such thing. */
  async #ask<T>(what: string, request: Promise<T>): Promise<T | undefined> {
    try {
      return await withDeadline(this.#clock, request, REQUEST_LIMIT_MS, 'worker_unreachable', what);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new VoiceNodeError('worker_unreachable', `${what}: the LiveKit server did not say: ${messageOf(error)}`, { cause: error });
    }
  }
}

const isNotFound = (error: unknown): boolean => typeof error === 'object' && error !== null && (error as { readonly status?: unknown }).status === 404;
