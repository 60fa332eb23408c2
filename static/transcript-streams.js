// @ts-check

/** @import { Room, TextStreamReader } from 'livekit-client' */
/** @import { Segment } from './transcript.js' */

/** As LiveKit's front ends and agents name it. */
export const TRANSCRIPT_TOPIC = 'lk.transcription';

/**
 * A stream is one state of one segment; its text may come in pieces. Streams in the caller's name, or about the
 * caller's own track, are what the robot understood.
 * @param {Room} room
 * @param {TextStreamReader} reader
 * @param {boolean} inOurName
 * @param {(segment: Segment) => void} tell
 */
export async function readTranscript(room, reader, inOurName, tell) {
  const attributes = reader.info.attributes ?? {};
  const ours = inOurName || [...room.localParticipant.audioTrackPublications.values()].some((publication) => publication.trackSid === attributes['lk.transcribed_track_id']);
  /** @type {Segment} */
  const segment = { id: attributes['lk.segment_id'] ?? reader.info.id, from: ours ? 'caller' : 'robot', text: '', final: false };
  try {
    for await (const piece of reader) {
      segment.text += piece;
      tell({ ...segment });
    }
    tell({ ...segment, final: attributes['lk.transcription_final'] !== 'false' });
  } catch {
    // The stream broke off with its sender or was too long; what came of it stays on the page.
  }
}
