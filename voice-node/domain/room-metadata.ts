/** What a room says of itself to us, in its metadata. */
export interface RoomWish {
  /** The robot it asks for. */
  readonly robot?: string;
  /**
   * It was the caller's joining that made the room: whoever comes to the room later and finds nobody there knows that
   * the caller has gone. In any other room he may still be to come.
   */
  readonly byCaller: boolean;
}

/**
 * Metadata for a room that is made by the caller's joining, with the token that brings it (RoomConfiguration). Never
 * for a room that is made beforehand.
 */
export const metadataByCaller = (robot: string): string => JSON.stringify({ robot, opened_by: 'caller' });

/** Reads `{"robot":"echo","opened_by":"caller"}`, each of the two or none. Anything else is not for us. Never throws. */
export function wishOf(metadata: string): RoomWish {
  const { robot, opened_by: openedBy } = objectIn(metadata);
  return { ...(typeof robot === 'string' ? { robot } : {}), byCaller: openedBy === 'caller' };
}

function objectIn(metadata: string): { readonly robot?: unknown; readonly opened_by?: unknown } {
  if (!metadata.trimStart().startsWith('{')) return {};
  try {
    return JSON.parse(metadata) as object;
  } catch {
    return {};
  }
}
