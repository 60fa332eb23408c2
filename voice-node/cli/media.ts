import { resolve } from 'node:path';
import { ROOT, type Keys } from '../config.js';
import type { Clock } from '../domain/clock.js';
import type { VoiceNodeError } from '../domain/errors.js';
import type { Log, Meter } from '../domain/observer.js';
import { wishOf } from '../domain/room-metadata.js';
import type { TurnModel } from '../domain/turn-model.js';
import type { CallFactory, CallNews } from '../node/live-calls.js';
import { attemptOf, identityOf } from '../node/identities.js';
import { LiveKitRooms, type Rooms } from '../node/rooms.js';
import type { CallRequest } from '../node/shard.js';
import { loadDenoisers } from '../providers/denoise/rnnoise.js';
import { openTurnModel } from '../providers/turn/onnx.js';
import { disposeLiveKit, LiveKitLine } from '../transports/livekit/line.js';
import { installNativeAudio } from '../transports/livekit/native-audio.js';
import { makeCall, TURN_MODEL_LIMIT_MS } from './call-maker.js';
import { RobotDetectors } from './detectors.js';
import { RobotCast } from './robot-cast.js';
import { RobotMaker } from './robot-maker.js';
import type { RobotsAtHand } from './robots-at-hand.js';
import type { RobotSettings } from './robot-settings.js';

export interface MediaPorts {
  readonly settings: RobotSettings;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/** Everything calls are made of, loaded once for all calls of a process. */
export interface Media {
  readonly create: CallFactory;
  /** Makes the robots that can take calls, so that the first caller need not wait. Only once it is certain that the process stays: side processes begin. */
  prepare(): void;
  /** No call is left. Frees what the calls shared, rtc-node last. */
  close(): Promise<void>;
}

/** Throws what keeps a process from carrying calls: `config_invalid`, `vad_failed` ... */
export async function loadMedia(ports: MediaPorts, { robots, choice, needs, missing }: RobotsAtHand): Promise<Media> {
  const { settings, keys, clock, meter, log } = ports;
  installNativeAudio();
  const detectors = await RobotDetectors.load(settings, needs);
  // Whether or not a robot wants it now: its config may change while the node runs.
  const denoisers = await loadDenoisers();
  const turnModel = await loadTurnModel(settings, clock, log);
  const cast = new RobotCast(new RobotMaker(settings, { clock, meter, log }), log);
  const rooms = new LiveKitRooms({ url: settings.node.LIVEKIT_URL, ...keys }, clock);
  return {
    create: (request, news) => {
      const { callId, room, metadata, past, acceptedMs } = request;
      const robot = choice.forRoom(metadata, { callId, room });
      // Before there is a line: where this fails there is none to close.
      const hearers = { detectors: detectors.for(robot), denoisers, turnModel };
      const ageMs = Math.max(0, clock.wallMs() - acceptedMs);
      const parts = { callId, robot, role: cast.take(robot), line: lineFor(request, news, ports, rooms), past, byCaller: wishOf(metadata).byCaller, ageMs, journal: news, clock, meter, log };
      return makeCall(settings.of(robot), hearers, parts);
    },
    prepare: () => {
      for (const robot of robots.all()) if (missing(robot).length === 0) cast.prepare(robot);
    },
    close: async () => {
      cast.close();
      detectors.close();
      turnModel?.close();
      await disposeLiveKit();
    },
  };
}

/** Each connection has a name of its own: the server may still show the last one. */
function lineFor({ callId, room, token, identity }: CallRequest, news: CallNews, { settings, clock, meter, log }: MediaPorts, rooms: Rooms): LiveKitLine {
  const { LIVEKIT_URL: url, MAX_CALL_MS: maxOutageMs, NO_MEDIA_TIMEOUT_MS: noMediaMs, REPLY_BITRATE_KBPS: bitrateKbps } = settings.node;
  const options = {
    url,
    room,
    token,
    identity,
    identityOf: (attempt: number) => identityOf(callId, attemptOf(identity, callId) + attempt),
    fresh: (name: string) => rooms.token(room, name),
    identityChanged: (name: string) => news.identity(name),
    removeGhost: (name: string) => rooms.remove(room, name),
    maxOutageMs,
    noMediaMs,
    bitrateBps: 1000 * bitrateKbps,
  };
  return new LiveKitLine(options, clock, meter, log.child({ callId, room }));
}

/** The operator's model that tells whether a caller has finished, where he has given one. */
async function loadTurnModel({ node: config }: RobotSettings, clock: Clock, log: Log): Promise<TurnModel | undefined> {
  if (config.TURN_MODEL === undefined) return undefined;
  const onFailure = (error: VoiceNodeError): void => log.warn({ code: error.code, error: error.message }, 'the turn model gave no answer');
  return openTurnModel({ file: resolve(ROOT, config.TURN_MODEL), clock, deadlineMs: TURN_MODEL_LIMIT_MS, onFailure });
}
