import type { Room } from '@livekit/rtc-node';

/**
 * Audio packets received so far over all tracks that are read. With one peer connection for both directions, as
 * livekit-server 1.13 wants it, what comes in is listed under `publisherStats`.
 */
export async function packetsReceived(room: Room): Promise<number> {
  const { publisherStats, subscriberStats } = await room.getRtcStats();
  let packets = 0;
  for (const { stats } of [...publisherStats, ...subscriberStats]) {
    if (stats.case === 'inboundRtp' && stats.value.stream?.kind === 'audio') packets += Number(stats.value.received?.packetsReceived ?? 0);
  }
  return packets;
}
