import { ProviderError, type ProviderCode } from '../../domain/provider.js';
import type { Fault } from './protocol.js';

/** What installs a plugin, and what all of them need. */
export const installCommand = (plugin: string): string => `scripts/livekit-plugins add ${plugin}`;

/** The host program or all it needs is not there. */
export const notInstalled = (plugin: string): ProviderError =>
  new ProviderError('provider_unreachable', `livekit:${plugin}: expected the plugin to be installed, it is missing; run: ${installCommand(plugin)}`);

/**
 * The child's report as the error the node knows. `begun`: a result has come before. `plugin`: for the message.
 */
export function providerError(plugin: string, fault: Fault, begun: boolean): ProviderError {
  const who = `livekit:${plugin}`;
  switch (fault.kind) {
    case 'missing':
      return notInstalled(plugin);
    case 'lacks':
      return new ProviderError('provider_rejected', `${who}: expected the plugin to have a class ${fault.detail ?? '?'}, it has none`);
    case 'options':
      return new ProviderError(fault.auth === true ? 'provider_auth' : 'provider_rejected', `${who}: the plugin refused its options: ${fault.detail ?? '?'}`);
    case 'overflow':
      return new ProviderError('provider_overflow', `${who}: more came than there is room for (${fault.detail ?? '?'})`);
    case 'early':
      return new ProviderError(begun ? 'provider_broken' : 'provider_unreachable', `${who}: expected an answer, the stream ended before it was complete`);
    case 'provider':
      return new ProviderError(codeOf(fault, begun), `${who}: ${wordsOf(fault)}`, { retryAfterMs: fault.retryAfterMs });
  }
}

function codeOf({ status, garbled, name }: Fault, begun: boolean): ProviderCode {
  if (status === 401 || status === 403) return 'provider_auth';
  if (status === 429) return 'provider_rate_limited';
  if (status !== undefined && status >= 500) return 'provider_unavailable';
  // Request timeout, and nginx's code for a client that has gone: neither is about what was asked.
  if (status === 408 || status === 499) return 'provider_unavailable';
  if (status !== undefined && status >= 400) return 'provider_rejected';
  if (garbled === true || name === 'TypeError') return 'provider_protocol';
  return begun ? 'provider_broken' : 'provider_unreachable';
}

function wordsOf({ status, code, name }: Fault): string {
  const what = [status === undefined ? undefined : `status ${status}`, code, name].filter((part) => part !== undefined);
  return `the plugin failed: ${what.length === 0 ? 'it did not say why' : what.join(', ')}`;
}
