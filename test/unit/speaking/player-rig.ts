import { Player, type PlayerOptions } from '../../../voice-node/speaking/player.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';

export interface PlayerRig {
  readonly player: Player;
  readonly frames: Int16Array[];
  /** What the player told, in order. */
  readonly said: string[];
  readonly counts: { sent: number; lost: number; late: number; skippedMs: number; room: number };
  /** Refuses frames while true. */
  refuse: boolean;
  nowMs: number;
  /** Ticks at each due time up to `ms` later. */
  run(ms: number): void;
  sent(): Int16Array;
}

export function playerRig(options: Partial<PlayerOptions> = {}): PlayerRig {
  const frames: Int16Array[] = [];
  const said: string[] = [];
  const counts = { sent: 0, lost: 0, late: 0, skippedMs: 0, room: 0 };
  const player = new Player(
    { queueMs: 2000, maxCatchUpPackets: 3, ...options },
    {
      send(frame) {
        if (rig.refuse) return false;
        frames.push(frame.slice());
        return true;
      },
      started: (generation) => void said.push(`started ${generation}`),
      audible: (generation) => void said.push(`audible ${generation}`),
      finished: (generation, heardMs) => void said.push(`finished ${generation} ${heardMs}`),
      starved: (generation) => void said.push(`starved ${generation}`),
      resumed: (generation) => void said.push(`resumed ${generation}`),
      room: () => void counts.room++,
      framesSent: (count) => void (counts.sent += count),
      framesLost: (count) => void (counts.lost += count),
      lateTick(skippedMs) {
        counts.late++;
        counts.skippedMs += skippedMs;
      },
    },
  );
  const rig: PlayerRig = {
    player,
    frames,
    said,
    counts,
    refuse: false,
    nowMs: 5000,
    run(ms) {
      const endMs = rig.nowMs + ms;
      for (let nextMs = player.nextTickMs ?? rig.nowMs; nextMs < endMs; nextMs = player.nextTickMs as number) {
        rig.nowMs = Math.max(rig.nowMs, nextMs);
        player.tick(monotonicMs(rig.nowMs));
      }
      rig.nowMs = endMs;
    },
    sent() {
      const all = new Int16Array(frames.length * 480);
      frames.forEach((frame, i) => all.set(frame, i * 480));
      return all;
    },
  };
  return rig;
}

export const sine48 = (samples: number, hz: number, amplitude: number): Int16Array => Int16Array.from({ length: samples }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / 48_000)));

/** The largest step from one sample to the next. */
export function largestStep(samples: Int16Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i++) largest = Math.max(largest, Math.abs((samples[i] as number) - (samples[i - 1] as number)));
  return largest;
}
