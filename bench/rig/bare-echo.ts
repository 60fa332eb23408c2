import { AudioFrame, AudioSource, AudioStream, LocalAudioTrack, Room, RoomEvent, TrackKind, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';

// The baseline: rtc-node alone, frame by frame back to where it came from. A process of its own, as the node is.
// Arguments: url, token, AudioSource queue in ms, frame in ms.

const [url = '', token = '', queueMs = '200', frameMs = '20'] = process.argv.slice(2);
const room = new Room();
const source = new AudioSource(48_000, 1, Number(queueMs));

room.on(RoomEvent.TrackSubscribed, (track) => {
  if (track.kind !== TrackKind.KIND_AUDIO) return;
  void (async () => {
    for await (const frame of new AudioStream(track, { sampleRate: 48_000, numChannels: 1, frameSizeMs: Number(frameMs) })) {
      const sent = source.captureFrame(new AudioFrame(frame.data, 48_000, 1, frame.samplesPerChannel)).catch(() => undefined);
      if (Number(queueMs) > 0) await sent;
    }
  })();
});
room.on(RoomEvent.Disconnected, () => process.exit(0));
await room.connect(url, token, { autoSubscribe: true, dynacast: false });
const options = new TrackPublishOptions();
options.source = TrackSource.SOURCE_MICROPHONE;
await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('echo', source), options);
process.send?.('ready');
