import { dispose } from '@livekit/rtc-node';
import { CrowdCaller } from './crowd-caller.js';
import type { CrowdRequest } from './crowd.js';
import { trimmed, voice } from './voices.js';

// Callers in a process of their own, so that what they cost is not taken for the node's. Told what to do by crowd.ts.

const callers = new Map<number, CrowdCaller>();
const words = trimmed(voice('Front_Center'));

async function handle(request: CrowdRequest): Promise<unknown> {
  const caller = callers.get(request.caller) ?? new CrowdCaller();
  callers.set(request.caller, caller);
  switch (request.do) {
    case 'join':
      return caller.join(request.url, request.token, request.comesBack);
    case 'speak':
      return caller.speak(words, request.everyMs, request.delayMs);
    case 'hush':
      return caller.hush();
    case 'report':
      return caller.report();
    case 'leave':
      callers.delete(request.caller);
      return caller.leave();
  }
}

process.on('message', ({ id, request }: { id: number; request: CrowdRequest }) => {
  handle(request).then(
    (result) => process.send?.({ id, result: result ?? null }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.on('disconnect', () => void dispose().finally(() => process.exit(0)));
process.on('unhandledRejection', () => undefined);
