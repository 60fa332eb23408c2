import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, expect, it } from 'vitest';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { Sessions } from '../../../voice-node/web/sessions.js';

const KEYS = { apiKey: 'key', apiSecret: 's'.repeat(32) };
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

/** A LiveKit server's room service on loopback: keeps what it was asked, answers with `status`. */
async function service(status: number | 'never'): Promise<{ url: string; asked: { path: string; body: Record<string, unknown> }[]; came: Promise<void> }> {
  const asked: { path: string; body: Record<string, unknown> }[] = [];
  let arrived: () => void;
  const came = new Promise<void>((resolve) => (arrived = resolve));
  const http = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body: JSON.parse(text) as Record<string, unknown> });
      arrived();
      if (status !== 'never') response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? '{"sid":"RM_1"}' : '{"code":"unauthenticated","msg":"invalid token"}');
    });
  });
  server = http;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, asked, came };
}

it('gives a token for a room alone, for minutes, that makes the room and names the robot', async () => {
  const { url, asked } = await service(200);
  const sessions = new Sessions({ url, publicUrl: 'wss://public.example', ...KEYS }, new VirtualClock());
  const session = await sessions.create('tone');
  expect(session).toMatchObject({ robot: 'tone', url: 'wss://public.example', room: `session-${session.sessionId}` });
  // No room before its caller: a robot would wait in it for somebody who may never come.
  expect(asked).toEqual([{ path: '/twirp/livekit.RoomService/ListRooms', body: { names: [session.room] } }]);
  const claims = await new TokenVerifier(KEYS.apiKey, KEYS.apiSecret).verify(session.token);
  expect(claims.sub).toBe(session.identity);
  expect(claims.video).toEqual({ room: session.room, roomJoin: true, canSubscribe: true, canPublish: true, canPublishSources: ['microphone'], canPublishData: false, canUpdateOwnMetadata: false });
  expect(claims.roomConfig).toMatchObject({ metadata: '{"robot":"tone","opened_by":"caller"}', departureTimeout: 20 });
  expect((claims.exp ?? Infinity) - (claims.nbf ?? 0)).toBeLessThanOrEqual(300);
  const other = await sessions.create('tone');
  expect([other.room === session.room, other.identity === session.identity]).toEqual([false, false]);
  expect(session.sessionId).toMatch(/^[\w-]{20,}$/);
});

it('says that the server refused, or did not answer in time', async () => {
  const refused = await service(401);
  await expect(new Sessions({ url: refused.url, publicUrl: refused.url, ...KEYS }, new VirtualClock()).create('echo')).rejects.toMatchObject({
    code: 'worker_unreachable',
    message: expect.stringMatching(/^the LiveKit server cannot take a caller: /) as string,
  });
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  const silent = await service('never');
  const clock = new VirtualClock();
  const session = new Sessions({ url: silent.url, publicUrl: silent.url, ...KEYS }, clock).create('echo');
  const refusal = expect(session).rejects.toMatchObject({ code: 'worker_unreachable', message: expect.stringContaining('5000 ms') as string });
  await silent.came;
  await clock.advanceTo(5000);
  await refusal;
  expect(clock.pendingTimers).toBe(0);
});
