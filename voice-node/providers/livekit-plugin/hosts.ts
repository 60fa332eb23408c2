import type { Clock } from '../../domain/clock.js';
import type { Log } from '../../domain/observer.js';
import { forkHost } from './child.js';
import { PluginHost } from './host.js';

export interface PluginHostsOptions {
  /** sidecars/livekit-plugins/host.mjs */
  readonly hostProgram: string;
  /** Where scripts/livekit-plugins has installed @livekit/agents and the plugins. */
  readonly pluginHostDir: string;
  readonly clock: Clock;
  readonly log?: Log;
}

/**
 * One process for each set of keys: plugins read them from their environment when they are loaded. Robots with
 * the same keys share a process.
 */
export class PluginHosts {
  readonly #options: PluginHostsOptions;
  readonly #hosts = new Map<string, PluginHost>();

  constructor(options: PluginHostsOptions) {
    this.#options = options;
  }

  /** The host whose plugins see `environment` and nothing else. */
  with(environment: Readonly<Record<string, string>>): PluginHost {
    const key = JSON.stringify(Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#hosts.get(key);
    if (known !== undefined) return known;
    const { hostProgram, pluginHostDir, clock, log } = this.#options;
    const host = new PluginHost({
      launch: forkHost({ hostProgram, pluginHostDir, environment }),
      clock,
      ...(log === undefined ? {} : { log }),
      onIdle: () => this.#hosts.delete(key),
    });
    this.#hosts.set(key, host);
    return host;
  }
}
