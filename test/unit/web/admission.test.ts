import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { Reservations } from '../../../voice-node/web/reservations.js';
import { listen } from '../../../voice-node/web/server.js';
import { appIn, errorOf, SESSION, type Changes } from './rig.js';

const appOf = (changes?: Changes) => appIn(tmpdir(), changes);

describe('a session is created only where there is a place', () => {
  it('counts two that ask in the same instant, and frees the place of one whose room could not be made', async () => {
    let fail: (error: Error) => void = () => undefined;
    const made: string[] = [];
    const clock = new VirtualClock();
    const reservations = new Reservations({ clock, readiness: (waiting) => (waiting < 1 ? { ready: true } : { ready: false, reason: 'full' }) });
    const { post } = appOf({
      reserve: (room) => reservations.reserve(room),
      createSession: (_robot, { room }) => new Promise((_, reject) => {
        made.push(room);
        fail = reject;
      }),
    });
    const first = post('{}');
    const second = await post('{}');
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await errorOf(second)).toMatchObject({ code: 'at_capacity', message: 'full' });
    expect(made).toHaveLength(1);
    expect(reservations.has(made[0] ?? '')).toBe(true);
    fail(new VoiceNodeError('worker_unreachable', 'gone'));
    expect((await first).status).toBe(502);
    expect([reservations.waiting, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('a full node answers before the body has come, and asks nobody', async () => {
    let created = 0;
    const { app } = appOf({ ready: false, reason: 'full', createSession: () => Promise.resolve({ ...SESSION, robot: String(created++) }) });
    const server = await listen(app, '127.0.0.1', 0);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      // Says that more will come, and never sends it.
      const asking = request({ port: server.port, host: '127.0.0.1', path: '/api/session/create', method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
        asking.destroy();
      });
      asking.on('error', reject);
      asking.write('{"robot":');
    });
    expect([status, created]).toEqual([503, 0]);
    await server.close();
  });
});
