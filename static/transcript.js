// @ts-check

/**
 * Words of one utterance, as far as they are known.
 * @typedef {{ id: string, from: 'caller' | 'robot', text: string, final: boolean }} Segment
 */

/** Bounds: segments kept, and characters of each. */
export const KEPT_SEGMENTS = 40;
export const MAX_SEGMENT_CHARS = 4000;

/**
 * The list with this state of a segment: a known one keeps its place, a new one goes to the end.
 * @param {readonly Segment[]} segments
 * @param {Segment} segment
 * @returns {readonly Segment[]}
 */
export function withSegment(segments, segment) {
  const bounded = segment.text.length > MAX_SEGMENT_CHARS ? { ...segment, text: `${segment.text.slice(0, MAX_SEGMENT_CHARS)}…` } : segment;
  const index = segments.findIndex((known) => known.id === segment.id && known.from === segment.from);
  return index === -1 ? [...segments, bounded].slice(-KEPT_SEGMENTS) : segments.with(index, bounded);
}
