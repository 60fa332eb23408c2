import type { ProviderRequest } from '../../domain/provider.js';
import type { PluginHost } from './host.js';
import type { OpenBody, PluginSpec } from './protocol.js';
import type { PluginStream } from './stream.js';

export interface PluginOptions {
  readonly host: PluginHost;
  /** As in `@livekit/agents-plugin-<plugin>`. */
  readonly plugin: string;
  /** For the constructor of the plugin's class, as its documentation names them. JSON. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether the process is started, and the plugin loaded, before the first request. Default true. */
  readonly warm?: boolean;
}

/**
 * One request: opens it, tells that it is connected once the plugin has taken it, feeds it, and hands on what
 * comes. Ends when the request's signal aborts; the plugin's process is told.
 */
export async function* results(
  host: PluginHost,
  spec: PluginSpec,
  body: OpenBody,
  request: ProviderRequest,
  feed: (stream: PluginStream, rateHz: number | undefined) => Promise<void>,
): AsyncGenerator<unknown> {
  const { signal } = request;
  if (signal.aborted) return;
  const stream = host.open(spec, body);
  const onAbort = (): void => stream.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const opened = await stream.opened();
    if (opened === undefined) return;
    request.connected();
    feed(stream, opened.rateHz).catch((error: unknown) => stream.feedFailed(error));
    yield* stream;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.close();
  }
}
