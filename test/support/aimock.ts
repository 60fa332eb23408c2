import { LLMock } from '@copilotkit/aimock';

/** What the foreign server answers in these tests when it is asked for chat, speech or a transcript. */
export interface Aimock extends AsyncDisposable {
  readonly mock: LLMock;
  /** With `/v1`. */
  readonly baseUrl: string;
}

/**
 * The OpenAI look-alike of CopilotKit on a free port of 127.0.0.1. Strict: what no fixture matches is answered
 * with 503, never with something made up. `chunkSize`: characters of an answer per chunk.
 */
export async function startAimock(options: { readonly chunkSize?: number } = {}): Promise<Aimock> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', strict: true, chunkSize: options.chunkSize ?? 5 });
  await mock.start();
  return { mock, baseUrl: `${mock.url}/v1`, [Symbol.asyncDispose]: () => mock.stop() };
}
