// A caller in a process of its own, so that it can be stopped: `run-typescript` FILE URL TOKEN tones|silence.
import { AudioFrame, AudioSource, LocalAudioTrack, Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';
import { writeCode } from './tone-codes.js';

const [url, token, what] = process.argv.slice(2) as [string, string, string];
const room = new Room();
await room.connect(url, token, { autoSubscribe: false, dynacast: false });
const source = new AudioSource(48_000, 1, 0);
const options = new TrackPublishOptions();
options.source = TrackSource.SOURCE_MICROPHONE;
options.dtx = true;
await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('microphone', source), options);
let sentMs = performance.now();
setInterval(() => {
  // A process that was stopped does not say afterwards what it had no time to say.
  sentMs = Math.max(sentMs, performance.now() - 100);
  for (; sentMs <= performance.now(); sentMs += 10) {
    const frame = new Int16Array(480);
    if (what === 'tones') writeCode(frame, Date.now());
    source.captureFrame(new AudioFrame(frame, 48_000, 1, 480)).catch(() => undefined);
  }
}, 5);
process.send?.('ready');
