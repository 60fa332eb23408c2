import { Counter, Gauge, type Registry } from 'prom-client';
import { CALL_ENDS, REFUSALS, type CallsMeter } from '../domain/observer.js';

/** The books of the calls: in the process that keeps them. At every moment offered = refused + ended + in progress. */
export function registerCalls(registry: Registry): CallsMeter {
  const registers = [registry];
  const live = new Gauge({ name: 'voice_node_calls', help: 'Calls in progress, from the moment that they were accepted.', registers });
  const offered = new Counter({ name: 'voice_node_calls_offered_total', help: 'Calls that were offered: each is refused, in progress, or has ended.', registers });
  const refused = new Counter({ name: 'voice_node_calls_refused_total', help: 'Calls that were offered and not taken, by why.', labelNames: ['reason'] as const, registers });
  const ended = new Counter({ name: 'voice_node_calls_total', help: 'Calls that have ended, by how.', labelNames: ['end'] as const, registers });
  const resumed = new Counter({ name: 'voice_node_calls_resumed_total', help: 'How often a call went on in another process after its own had died, by what had died.', labelNames: ['why'] as const, registers });

  for (const reason of REFUSALS) refused.labels(reason).inc(0);
  for (const end of CALL_ENDS) ended.labels(end).inc(0);
  for (const why of ['shard_died', 'node_died'] as const) resumed.labels(why).inc(0);

  return {
    offered() {
      offered.inc();
      live.inc();
    },
    refused(reason) {
      refused.labels(reason).inc();
      live.dec();
    },
    ended(end) {
      ended.labels(end).inc();
      live.dec();
    },
    resumed: (why) => resumed.labels(why).inc(),
  };
}
