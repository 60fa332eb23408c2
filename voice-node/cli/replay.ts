import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { readEnvironment } from '../config.js';
import { FRAME_MS, WIRE_RATE_HZ, type Audio } from '../domain/audio.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { Meter } from '../domain/observer.js';
import { monotonicMs, samplesIn } from '../domain/time.js';
import { joinSamples } from '../dsp/join.js';
import { createResampler } from '../dsp/resampler.js';
import { readWav, writeWav } from '../dsp/wav.js';
import { silentLog } from '../platform/log.js';
import { VirtualClock } from '../platform/virtual-clock.js';
import { loadDenoisers } from '../providers/denoise/rnnoise.js';
import { RobotFolder } from '../robots/folder.js';
import { missingFor } from '../robots/requirements.js';
import { MemoryLine } from '../transports/memory.js';
import { parseArguments } from './arguments.js';
import { loadConfiguredDetectors, makeCall } from './call-maker.js';
import { RobotCast } from './robot-cast.js';
import { RobotMaker } from './robot-maker.js';
import { RobotSettings } from './robot-settings.js';

export const REPLAY_USAGE = 'replay call.wav [--robot echo] [--out reply.wav] [--events events.jsonl]';

/** After the recording has ended the call gets this much silence to finish what it is saying. */
const MAX_TAIL_MS = 130_000;

const nothing = (): void => undefined;
const noMeter: Meter = {
  turn: nothing,
  bargeIn: nothing,
  interruption: nothing,
  frameIn: nothing,
  framesOut: nothing,
  framesDropped: nothing,
  lateTicks: nothing,
  providerError: nothing,
  providerFirst: nothing,
  providerUsed: nothing,
};

/**
 * A recording through the whole node on virtual time: the same core, hearing and speaking as in a live call,
 * only line and clock are others. The same input gives the same bytes and events, many times faster than real
 * time. The reply begins with the recording: both files laid side by side are the call.
 */
export async function runReplay(args: readonly string[], stdout: NodeJS.WritableStream): Promise<void> {
  const { values, positionals } = parseArguments(
    'replay',
    REPLAY_USAGE,
    args,
    { robot: { type: 'string' }, out: { type: 'string' }, events: { type: 'string' } },
    true,
  );
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    throw new VoiceNodeError('argument_invalid', `replay: expected one recording, got ${positionals.length}; usage: voice-node ${REPLAY_USAGE}`);
  }
  const settings = new RobotSettings(readEnvironment());
  const robot = new RobotFolder(settings.folder).get(values.robot ?? settings.node.ROBOT);
  const missing = missingFor(robot, settings.around(robot));
  if (missing.length > 0) throw new VoiceNodeError('robot_unavailable', `replay: ${robot.name} cannot take calls:\n  ${missing.join('\n  ')}`);
  const { mode } = robot.config;
  if (mode !== 'echo' && mode !== 'tone') throw new VoiceNodeError('robot_unavailable', `replay: expected a robot of mode echo or tone, got ${robot.name} of mode ${mode}: time runs many times faster here than its providers answer`);
  const config = settings.of(robot);
  const recording = atWireRate(readWav(read(file), file), file);
  const events = values.events === undefined ? undefined : create(values.events);
  const out = values.out === undefined ? undefined : create(values.out);

  const clock = new VirtualClock();
  const reply: Int16Array[] = [];
  const print = (line: string): void => void (events === undefined ? stdout.write(line) : writeSync(events, line));
  const line = new MemoryLine({ room: 'replay', onFrame: (frame) => reply.push(frame), onEvent: (event) => print(`${JSON.stringify(event)}\n`) });
  const hearers = { detectors: await loadConfiguredDetectors(config, [robot]), denoisers: await loadDenoisers(), turnModel: undefined };
  const cast = new RobotCast(new RobotMaker(settings, { clock, meter: noMeter, log: silentLog }), silentLog);
  const role = cast.take(robot);
  const call = makeCall(config, hearers, { callId: 'replay', robot, role, line, clock, meter: noMeter, log: silentLog });
  call.start();
  await clock.advanceTo(0);
  line.join();
  await feed(recording, clock, line, () => call.phase);
  call.hangUp('caller_left');
  await clock.advanceTo(clock.nowMs());
  await call.done;
  cast.close();
  hearers.detectors.close();
  if (out !== undefined) writeSync(out, writeWav({ samples: joinSamples(reply), rateHz: WIRE_RATE_HZ }));
  for (const handle of [events, out]) if (handle !== undefined) closeSync(handle);
}

/** A frame is delivered when its last sample has been spoken. Silence follows until the call is at rest. */
async function feed(recording: Int16Array, clock: VirtualClock, line: MemoryLine, phase: () => string): Promise<void> {
  const frameSamples = samplesIn(FRAME_MS, WIRE_RATE_HZ);
  const frames = Math.ceil(recording.length / frameSamples);
  const frame = new Int16Array(frameSamples);
  let quietFrames = 0;
  for (let i = 0; i < frames + MAX_TAIL_MS / FRAME_MS; i++) {
    if (phase() === 'ended') return;
    if (i >= frames) {
      quietFrames = phase() === 'listening' ? quietFrames + 1 : 0;
      if (quietFrames > 1000 / FRAME_MS) return;
    }
    await clock.advanceTo(monotonicMs((i + 1) * FRAME_MS));
    frame.fill(0);
    frame.set(recording.subarray(i * frameSamples, (i + 1) * frameSamples));
    line.speak(frame);
  }
}

function atWireRate({ samples, rateHz }: Audio, name: string): Int16Array {
  if (samples.length === 0) throw new VoiceNodeError('audio_format', `${name}: expected at least one sample, got none`);
  if (rateHz === WIRE_RATE_HZ) return samples;
  try {
    return createResampler({ fromHz: rateHz, toHz: WIRE_RATE_HZ }).process(samples);
  } catch (error) {
    throw new VoiceNodeError('audio_format', `${name}: ${messageOf(error)}`);
  }
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new VoiceNodeError('argument_invalid', `replay: expected a readable recording: ${messageOf(error)}`);
  }
}

/** Opened before the work begins, so that a wrong path is known at once. */
function create(file: string): number {
  try {
    writeFileSync(file, '');
    return openSync(file, 'w');
  } catch (error) {
    throw new VoiceNodeError('argument_invalid', `replay: expected a file that can be written: ${messageOf(error)}`);
  }
}
