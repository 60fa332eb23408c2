import { AudioFrame, AudioSource, AudioStream, LocalAudioTrack, Room, RoomEvent, TrackKind, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';

// The baseline: rtc-node alone, every frame straight back to where it came from, all rooms in one process. Told by its
// parent which room to join.

async function join(url: string, token: string): Promise<void> {
  const room = new Room();
  const source = new AudioSource(48_000, 1, 200);
  room.on(RoomEvent.TrackSubscribed, (track) => {
    if (track.kind !== TrackKind.KIND_AUDIO) return;
    void (async () => {
      for await (const frame of new AudioStream(track, { sampleRate: 48_000, numChannels: 1, frameSizeMs: 20 })) {
        await source.captureFrame(new AudioFrame(frame.data, 48_000, 1, frame.samplesPerChannel)).catch(() => undefined);
      }
    })();
  });
  await room.connect(url, token, { autoSubscribe: true, dynacast: false });
  const options = new TrackPublishOptions();
  options.source = TrackSource.SOURCE_MICROPHONE;
  await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('echo', source), options);
}

process.on('message', ({ url, token }: { url: string; token: string }) => {
  join(url, token).then(
    () => process.send?.('ready'),
    (error: unknown) => process.send?.(String(error)),
  );
});
process.on('disconnect', () => process.exit(0));
