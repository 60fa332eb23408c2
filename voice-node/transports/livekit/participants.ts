import { ParticipantKind, TrackKind, TrackSource, type RemoteParticipant, type RemoteTrackPublication } from '@livekit/rtc-node';

/** The track a participant speaks through, muted or not. */
export function microphoneOf(participant: RemoteParticipant): RemoteTrackPublication | undefined {
  for (const publication of participant.trackPublications.values()) {
    const { source } = publication;
    const voice = source === TrackSource.SOURCE_MICROPHONE || source === TrackSource.SOURCE_UNKNOWN;
    if (publication.kind === TrackKind.KIND_AUDIO && voice) return publication;
  }
  return undefined;
}

/** Whom to listen to: `preferred` where he is there with a microphone, else the first one who has one and is no agent. */
export function findCaller(participants: ReadonlyMap<string, RemoteParticipant>, preferred: string | undefined): RemoteParticipant | undefined {
  const known = preferred === undefined ? undefined : participants.get(preferred);
  for (const participant of known === undefined ? participants.values() : [known, ...participants.values()]) {
    if (participant.kind !== ParticipantKind.AGENT && microphoneOf(participant) !== undefined) return participant;
  }
  return undefined;
}
