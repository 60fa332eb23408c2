import { afterEach, expect, test } from 'vitest';
import { RoomServiceClient } from 'livekit-server-sdk';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';
import { isFree } from '../../scripts/lib/ports.mjs';

const started: TestLiveKit[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

const start = async (options?: { port?: number }): Promise<TestLiveKit> => {
  const server = await startLiveKit(options);
  started.push(server);
  return server;
};

const rooms = (server: TestLiveKit): RoomServiceClient => new RoomServiceClient(server.httpUrl, server.apiKey, server.apiSecret);

test('a server of its own: takes its keys and no others, survives being killed, and is gone after stop', async () => {
  const server = await start();
  const other = await start();
  expect(other.port).not.toBe(server.port);
  expect((await rooms(server).createRoom({ name: 'here' })).name).toBe('here');
  const strange = new RoomServiceClient(server.httpUrl, other.apiKey, other.apiSecret);
  await expect(strange.listRooms()).rejects.toThrow();

  server.kill();
  await expect(rooms(server).listRooms()).rejects.toThrow();
  await server.restart();
  expect(await rooms(server).listRooms()).toEqual([]);

  await server.stop();
  expect(await isFree(server.port)).toBe(true);
  await server.stop();
});

test('a taken port is an error that names it', async () => {
  const server = await start();
  await expect(startLiveKit({ port: server.port })).rejects.toThrow(String(server.port));
});
