import { ParticipantInfo_Kind, ParticipantInfo_State } from '@livekit/protocol';
import { TokenVerifier } from 'livekit-server-sdk';
import { describe, expect, it } from 'vitest';
import { LiveKitRooms } from '../../../voice-node/node/rooms.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { startHttpServer, type Seen } from '../../support/http-server.js';

const SECRET = 's'.repeat(32);
const json = ({ response }: Seen, status: number, body: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const roomsAt = (origin: string, clock = new VirtualClock()): LiveKitRooms => new LiveKitRooms({ url: origin.replace(/^http/, 'ws'), apiKey: 'key', apiSecret: SECRET }, clock);

describe('rooms of a LiveKit server', () => {
  it('say who is in them and who of those is a robot', async () => {
    await using server = await startHttpServer((seen) =>
      json(seen, 200, {
        participants: [
          { identity: 'caller', kind: ParticipantInfo_Kind.STANDARD, state: ParticipantInfo_State.ACTIVE },
          { identity: 'phone', kind: 'SIP', state: 'ACTIVE' },
          { identity: 'robot-x', kind: 'AGENT', state: 'JOINED' },
          { identity: 'ghost', kind: 'STANDARD', state: 'DISCONNECTED' },
        ],
      }),
    );
    expect(await roomsAt(server.origin).people('r1')).toEqual([
      { identity: 'caller', agent: false },
      { identity: 'phone', agent: false },
      { identity: 'robot-x', agent: true },
    ]);
    const [request] = server.seen;
    expect(request?.path).toBe('/twirp/livekit.RoomService/ListParticipants');
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({ room: 'r1' });
    const grants = await new TokenVerifier('key', SECRET).verify((request?.headers.authorization ?? '').replace('Bearer ', ''));
    expect(grants.video).toMatchObject({ roomAdmin: true, room: 'r1' });
  });

  it('that do not exist are nobody’s, and who has left is put out already', async () => {
    await using server = await startHttpServer((seen) => json(seen, 404, { code: 'not_found', msg: 'requested room does not exist' }));
    const rooms = roomsAt(server.origin);
    expect(await rooms.people('r1')).toBeUndefined();
    await rooms.remove('r1', 'robot-x');
    expect(JSON.parse(server.seen[1]?.body.toString() ?? '')).toMatchObject({ room: 'r1', identity: 'robot-x' });
  });

  it('fail in words, and within the deadline', async () => {
    await using server = await startHttpServer((seen) => (seen.path.endsWith('RemoveParticipant') ? undefined : json(seen, 500, { code: 'internal', msg: 'no store' })));
    const clock = new VirtualClock();
    const rooms = roomsAt(server.origin, clock);
    await expect(rooms.people('r1')).rejects.toMatchObject({ code: 'worker_unreachable', message: expect.stringMatching(/who is in room r1.*no store/) as string });
    const hanging = rooms.remove('r1', 'robot-x');
    const said = expect(hanging).rejects.toMatchObject({ code: 'worker_unreachable', message: expect.stringMatching(/robot-x.*longer than 2000 ms/) as string });
    await clock.advanceTo(2000);
    await said;
  });

  it('give a robot the token that a dispatch would give it', async () => {
    const token = await roomsAt('http://127.0.0.1:1').token('r1', 'robot-x-2');
    const claims = await new TokenVerifier('key', SECRET).verify(token);
    expect(claims).toMatchObject({ sub: 'robot-x-2', name: 'Robot', kind: 'agent', attributes: { 'lk.agent_name': '' } });
    expect(claims.video).toEqual({ room: 'r1', roomJoin: true, agent: true, canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: true });
    expect((claims as unknown as { exp: number; nbf: number }).exp - Date.now() / 1000).toBeLessThanOrEqual(601);
  });
});
