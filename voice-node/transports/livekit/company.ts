import { ParticipantKind, type RemoteParticipant } from '@livekit/rtc-node';
import type { ConnectionListener } from './connection.js';
import { saysGoodbye } from './reasons.js';

/**
 * Keeps an eye on whether anybody is there who is a caller, or may become one, and tells it when it changes.
 *
 * The server tells of him from the moment on that he was let in, and the SDK as soon as it is told, in whatever state he
 * is: long before he has found a way for his media, which may take seconds. (livekit-server 1.13.5, pkg/rtc/room.go: Join
 * puts him among the participants before it sends him the answer; GetOtherParticipantInfo, of which a newcomer's answer is
 * made, and broadcastParticipantState leave out nobody but the hidden. rust-sdks, livekit/src/room: a participant of any
 * state but DISCONNECTED is dispatched as ParticipantConnected.)
 */
export class Company {
  /** Undefined: nothing was told yet. */
  #isThere: boolean | undefined;
  /** Whoever left last. */
  #saidGoodbye = false;

  left({ kind, disconnectReason }: RemoteParticipant): void {
    if (mayCall(kind)) this.#saidGoodbye = saysGoodbye(disconnectReason);
  }

  tell(participants: ReadonlyMap<string, RemoteParticipant>, listener: Pick<ConnectionListener, 'company'>): void {
    const isThere = [...participants.values()].some(({ kind }) => mayCall(kind));
    if (isThere === this.#isThere) return;
    this.#isThere = isThere;
    listener.company(isThere, !isThere && this.#saidGoodbye);
  }
}

/** Robots do not, nor does what records the room. */
const mayCall = (kind: ParticipantKind): boolean => kind !== ParticipantKind.AGENT && kind !== ParticipantKind.EGRESS;
