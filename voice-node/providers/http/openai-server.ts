import { VoiceNodeError } from '../../domain/errors.js';
import type { Vendor } from '../../domain/provider.js';
import { createConnections, type Connections } from './connections.js';
import { send, type Fetch } from './request.js';

/** Who offers OpenAI's interface. `local`: any server by its address (Ollama, vLLM, llama.cpp, faster-whisper-server, ...). */
export type OpenAiVendor = Extract<Vendor, 'openai' | 'azure' | 'yandex' | 'local'>;

export interface OpenAiServerOptions {
  readonly vendor: OpenAiVendor;
  /** Optional for `local` only. */
  readonly apiKey?: string | undefined;
  /** Up to and with `/v1`; for Azure `https://<resource>.openai.azure.com/openai/v1`. Default: the vendor's own. */
  readonly baseUrl?: string | undefined;
  /** Yandex: the folder; goes into the header OpenAI-Project, and before the name of the model. */
  readonly project?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: one with connections of its own that are kept between turns. */
  readonly fetch?: Fetch | undefined;
}

const BASE_URLS: Readonly<Partial<Record<OpenAiVendor, string>>> = {
  openai: 'https://api.openai.com/v1',
  yandex: 'https://llm.api.cloud.yandex.net/v1',
};

export interface OpenAiRequest {
  /** Such as `chat/completions`. */
  readonly path: string;
  /** What is asked for, for error messages. */
  readonly what: string;
  /** JSON as a string, or anything with its type. */
  readonly body: string | Uint8Array;
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** A server with OpenAI's interface: its address, its way to show a key, and the connections to it. */
export class OpenAiServer {
  readonly vendor: OpenAiVendor;
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;
  readonly #connections: Connections | undefined;

  /** Throws `robot_unavailable` where key, address or folder is missing. */
  constructor(options: OpenAiServerOptions) {
    const { vendor, apiKey, project } = options;
    const baseUrl = options.baseUrl ?? BASE_URLS[vendor];
    const missing = (what: string): VoiceNodeError => new VoiceNodeError('robot_unavailable', `${vendor}: expected ${what}, got none`);
    if (baseUrl === undefined) throw missing('a base URL');
    if (vendor !== 'local' && (apiKey === undefined || apiKey === '')) throw missing('an API key');
    if (vendor === 'yandex' && (project === undefined || project === '')) throw missing('a folder');
    this.vendor = vendor;
    this.#base = parseBase(vendor, baseUrl);
    this.#headers = {
      ...(apiKey === undefined || apiKey === '' ? {} : vendor === 'azure' ? { 'api-key': apiKey } : { authorization: `Bearer ${apiKey}` }),
      ...(project === undefined ? {} : { 'openai-project': project }),
      ...options.headers,
    };
    this.#connections = options.fetch === undefined ? createConnections() : undefined;
    this.#fetch = options.fetch ?? (this.#connections as Connections).fetch;
  }

  /** POSTs; resolves with a 2xx answer whose headers have come. Rejects as `send` does. */
  post({ path, what, body, contentType, signal }: OpenAiRequest): Promise<Response> {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
    const headers = { 'content-type': contentType ?? 'application/json', ...this.#headers };
    return send({ vendor: this.vendor, what, fetch: this.#fetch, url, headers, body, signal });
  }

  /** Connects ahead of a request that is to come. */
  warm(): void {
    void this.#connections?.warm(this.#base.origin);
  }

  close(): void {
    this.#connections?.close();
  }
}

function parseBase(vendor: OpenAiVendor, baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  // The address may hold a password: it is not repeated.
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new VoiceNodeError('robot_unavailable', `${vendor}: expected a base URL such as https://host/v1, got something else`);
  return url;
}
