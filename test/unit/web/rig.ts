import { join } from 'node:path';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { createApp, type OfferedRobot } from '../../../voice-node/web/app.js';
import type { Readiness, Reservation } from '../../../voice-node/web/reservations.js';
import type { Session } from '../../../voice-node/web/sessions.js';
import { FakeOperations } from '../../support/fake-operations.js';
import { MemoryLog } from '../call/rig.js';

export const SESSION: Session = { sessionId: 'id', robot: 'echo', room: 'session-id', identity: 'caller-1', token: 'a.b.c', url: 'ws://127.0.0.1:7880' };

export const OFFERS: readonly OfferedRobot[] = [
  { name: 'echo', mode: 'echo', description: 'Says back what it hears.', ready: true, missing: [] },
  {
    name: 'shop',
    mode: 'pipeline',
    ready: false,
    missing: [
      { thing: 'OPENAI_API_KEY', text: 'stt openai: OPENAI_API_KEY is not set' },
      { thing: 'OPENAI_API_KEY', text: 'llm openai: OPENAI_API_KEY is not set' },
      { thing: 'flite', text: 'tts flite: the program flite is not on PATH' },
    ],
  },
  { name: 'tone', mode: 'tone', ready: true, missing: [] },
];

export interface Changes {
  offers?: () => readonly OfferedRobot[];
  ready?: boolean;
  reason?: string;
  reserve?: (room: string) => Reservation | Readiness;
  createSession?: (robot: string, names: { readonly room: string }) => Promise<Session>;
  metrics?: () => Promise<never>;
}

/** The app over the page in `folder`, with ports that say what the test wants. */
export function appIn(folder: string, changes: Changes = {}) {
  const log = new MemoryLog();
  const asked: string[] = [];
  const app = createApp(
    { staticFolder: folder, liveKitClient: join(folder, 'livekit.mjs') },
    {
      log,
      clock: new VirtualClock(),
      operations: new FakeOperations(),
      adminToken: 'a token of the operator',
      reserve: changes.reserve ?? (() => ({ release: () => undefined })),
      readiness: () => ({ ready: changes.ready ?? true, ...(changes.reason === undefined ? {} : { reason: changes.reason }) }),
      robots: () => ({ default: 'echo', offers: (changes.offers ?? (() => OFFERS))() }),
      createSession:
        changes.createSession ??
        ((robot) => {
          asked.push(robot);
          return Promise.resolve({ ...SESSION, robot });
        }),
      metrics: changes.metrics ?? (() => Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'voice_node_calls 0\n' })),
    },
  );
  const post = (body: string | undefined, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    app.request('/api/session/create', { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
  return { app, log, asked, post };
}

export const errorOf = async (response: Response): Promise<{ status: number; code: string; message: string }> => {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
};
