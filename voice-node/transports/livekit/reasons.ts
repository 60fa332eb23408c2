import { DisconnectReason } from '@livekit/rtc-node';
import type { LineEnd } from '../../domain/transport.js';

/**
 * Why our own connection ended. Only `lost` is worth another attempt: in the other cases somebody wanted it so.
 * Seen with livekit-server 1.13.5: SERVER_SHUTDOWN when it is stopped in order; when it is killed nothing but
 * `Reconnecting`, and UNKNOWN_REASON once rtc-node has given up.
 */
export function lineEnd(reason: DisconnectReason): LineEnd {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return 'closed_by_us';
    case DisconnectReason.DUPLICATE_IDENTITY:
      return 'superseded';
    case DisconnectReason.PARTICIPANT_REMOVED:
      return 'removed';
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return 'room_closed';
    default:
      return 'lost';
  }
}

/**
 * Whether a caller left because he wanted to. A page that is closed, livekit-client's and rtc-node's disconnect() say
 * CLIENT_INITIATED; a telephone that hangs up or does not answer, one of the other two. A caller whose connection
 * breaks leaves with CONNECTION_TIMEOUT about 20 s later; the reason is missing where our own connection was renewed.
 */
export const saysGoodbye = (reason: DisconnectReason | undefined): boolean =>
  reason === DisconnectReason.CLIENT_INITIATED || reason === DisconnectReason.USER_UNAVAILABLE || reason === DisconnectReason.USER_REJECTED;
