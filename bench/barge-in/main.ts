import { join } from 'node:path';
import { dispose } from '@livekit/rtc-node';
import { ROOT } from '../../voice-node/config.js';
import { rms } from '../../voice-node/dsp/level.js';
import { interruptInBrowser } from '../rig/browser-interruptions.js';
import { interrupt, type Interruption } from '../rig/interruptions.js';
import { NoisyRoom } from '../rig/noisy-room.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { seeded } from '../rig/random.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { trimmed, voice } from '../rig/voices.js';

// Barge-in at the caller's ear: from the first audible packet of the interrupting voice leaving the caller to
// the last sound of the old echo reaching him, on a real server, per detector, by an rtc-node caller and in
// Chromium; and by a caller in a room with noise and echo. Arguments: how many of each, and which (silero energy
// webrtc browser room confirm).

const count = Number(process.argv[2] ?? 20);
const SEED = 7;
const CASES = ['silero', 'energy', 'webrtc', 'browser', 'room', 'confirm'];
/** Of a caller's room: pink noise 10 dB below the voice, and a loudspeaker that comes back at -20 dB. */
const SNR_DB = 10;
const ECHO_DB = -20;
const inRoom = (name: string): boolean => name === 'room' || name === 'confirm';
const TITLES: Readonly<Record<string, string>> = { browser: 'silero, in Chromium', room: 'silero, in a room with noise and echo', confirm: 'silero, in that room, interruptions confirmed' };
const chosen = process.argv.length > 3 ? process.argv.slice(3) : CASES;

const liveKit = await startBenchLiveKit();
const results: Record<string, { stopMs: number[]; nodeStopMs: number[]; laterPeak: number }> = {};
try {
  for (const name of chosen) {
    const browser = name === 'browser';
    const environment = { VAD: browser || inRoom(name) ? 'silero' : name, ...(name === 'confirm' ? { ROBOTS_DIR: join(ROOT, 'bench/barge-in/robots') } : {}) };
    const node = await NodeProcess.start(liveKit, environment);
    const room = inRoom(name) ? new NoisyRoom({ noiseRms: rms(trimmed(voice('Rear_Left'))) / 10 ** (SNR_DB / 20), echoDb: ECHO_DB }) : undefined;
    try {
      const interruptions: Interruption[] = browser ? await interruptInBrowser(node, count) : await interrupt(node, count, seeded(SEED), room);
      results[TITLES[name] ?? name] = {
        stopMs: interruptions.map(({ stopMs }) => stopMs),
        nodeStopMs: node.log.filter(({ msg }) => msg === 'barge-in').map((line) => Number(line['stopMs'])),
        laterPeak: Math.max(...interruptions.map(({ laterPeak }) => laterPeak)),
      };
    } finally {
      await node.stop();
    }
  }
} finally {
  await liveKit.stop();
  await dispose();
}

const rows = Object.entries(results).map(([detector, { stopMs, nodeStopMs, laterPeak }]) => {
  const ear = summarize(stopMs);
  const inside = summarize(nodeStopMs);
  return [detector, String(ear.count), fixed(ear.median), fixed(ear.p95), fixed(ear.max), fixed(inside.median), fixed(inside.p95), String(laterPeak)];
});
printTable('Barge-in, ms', ['detector', 'interruptions', 'ear median', 'ear p95', 'ear max', 'node median', 'node p95', 'loudest sample later'], rows);
writeResults('barge-in', results);
