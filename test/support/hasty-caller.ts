import { DisconnectReason, LeaveRequest, LeaveRequest_Action, SignalRequest, SignalResponse } from '@livekit/protocol';
import { WebSocket } from 'ws';
import type { Session } from './talk.js';

const JOIN_LIMIT_MS = 10_000;

/**
 * A caller who is let in and hangs up in the same moment, as livekit-client does: nothing but the signalling, so faster
 * than any robot. `stayMs` after he was let in he says good-bye. Resolves with when that was, on performance.now().
 */
export async function joinAndLeave({ url, token }: Pick<Session, 'url' | 'token'>, stayMs = 0): Promise<number> {
  const socket = new WebSocket(`${url}/rtc?access_token=${token}&protocol=15&sdk=js&version=2.15.0&auto_subscribe=0`);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`not let in: the server closed with ${code}`)));
      socket.on('message', (data: Buffer) => {
        if (SignalResponse.fromBinary(data).message.case === 'join') resolve();
      });
      setTimeout(() => reject(new Error(`not let in within ${JOIN_LIMIT_MS} ms`)), JOIN_LIMIT_MS).unref();
    });
    await new Promise((resolve) => setTimeout(resolve, stayMs));
    const value = new LeaveRequest({ reason: DisconnectReason.CLIENT_INITIATED, action: LeaveRequest_Action.DISCONNECT });
    await new Promise((resolve) => socket.send(new SignalRequest({ message: { case: 'leave', value } }).toBinary(), resolve));
    return performance.now();
  } finally {
    socket.close();
  }
}
