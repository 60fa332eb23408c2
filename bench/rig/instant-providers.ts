import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the language model of the rig behaves. */
export interface ModelPace {
  /** From the request to the first token. */
  readonly firstTokenMs: number;
  /** 0: all at once. */
  readonly tokensPerSecond: number;
  readonly text: string;
}

export interface InstantProviders {
  readonly url: string;
  /** When each token of the newest answer was sent, by the clock of `performance`. */
  readonly tokens: { readonly text: string; readonly atMs: number }[];
  stop(): Promise<void>;
}

const RATE_HZ = 24_000;
/** Characters a second of ordinary speech. */
const CHARS_PER_SECOND = 15;

/**
 * Speech to text, language model and text to speech with OpenAI's interface that answer at once: what is left is
 * the node's own share. The model's pace can be set by its name; the voice is a tone, audible from its first
 * sample.
 */
export async function startInstantProviders(models: Readonly<Record<string, ModelPace>>): Promise<InstantProviders> {
  const tokens: { text: string; atMs: number }[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      // Clients warm their connections before they have anything to ask.
      if (request.method !== 'POST') return void response.writeHead(204).end();
      if (request.url?.endsWith('/audio/transcriptions') === true) return sendJson(response, { text: 'What are your opening hours?' });
      const asked = JSON.parse(body.toString()) as { model: string; input?: string };
      if (request.url?.endsWith('/audio/speech') === true) return sendSpeech(response, asked.input ?? '');
      if (request.url?.endsWith('/chat/completions') === true) return sendAnswer(response, models[asked.model], tokens);
      response.writeHead(404).end();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    tokens,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function sendSpeech(response: ServerResponse, text: string): void {
  const samples = new Int16Array(Math.round((text.length / CHARS_PER_SECOND) * RATE_HZ));
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(9000 * Math.cos((2 * Math.PI * 500 * i) / RATE_HZ));
  response.writeHead(200, { 'content-type': 'audio/pcm' }).end(Buffer.from(samples.buffer));
}

async function sendAnswer(response: ServerResponse, pace: ModelPace | undefined, tokens: { text: string; atMs: number }[]): Promise<void> {
  if (pace === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  tokens.length = 0;
  await wait(pace.firstTokenMs);
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  for (const token of pace.text.match(/\S+\s*/g) ?? []) {
    response.write(chunk({ content: token }, null));
    tokens.push({ text: token, atMs: performance.now() });
    if (pace.tokensPerSecond > 0) await wait(1000 / pace.tokensPerSecond);
  }
  response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
}

const wait = (ms: number): Promise<void> => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve());
