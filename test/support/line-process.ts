// A line in a process of its own, so that it can be stopped: `run-typescript` FILE URL TOKEN ROOM. Says what it is told.
import { LiveKitLine } from '../../voice-node/transports/livekit/line.js';
import { installNativeAudio } from '../../voice-node/transports/livekit/native-audio.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { createLog } from '../../voice-node/platform/log.js';
import type { Meter } from '../../voice-node/domain/observer.js';
import { CodeReader, writeCode } from './tone-codes.js';

const [url, token, room] = process.argv.slice(2) as [string, string, string];
const say = (what: string, value?: number): void => void process.send?.({ what, value, atMs: Date.now() });
installNativeAudio();
const line = new LiveKitLine(
  {
    url,
    token,
    room,
    identity: 'robot',
    identityOf: (attempt) => `robot-${attempt}`,
    fresh: () => Promise.reject(new Error('nobody gives tokens here')),
    identityChanged: (identity) => say(`identity ${identity}`),
    maxOutageMs: 60_000,
  },
  systemClock,
  { framesDropped: () => undefined } as unknown as Meter,
  createLog('warn'),
);
const reader = new CodeReader((delayMs) => say('tone', delayMs));
await line.open({
  company: () => undefined,
  callerJoined: (identity) => say(`joined ${identity}`),
  callerLeft: (hungUp) => say(`left ${hungUp}`),
  interrupted: () => say('interrupted'),
  restored: () => say('restored'),
  ended: (end) => say(`ended ${end}`),
  audio: (samples) => reader.read(samples, Date.now()),
});
const frame = new Int16Array(480);
let sentMs = performance.now();
setInterval(() => {
  // As the player: at most 100 ms are caught up.
  sentMs = Math.max(sentMs, performance.now() - 100);
  for (; sentMs <= performance.now(); sentMs += 10) {
    writeCode(frame, Date.now());
    line.send(frame);
  }
}, 5);
say('ready');
