import { Counter, Histogram, type Registry } from 'prom-client';
import { STAGES } from '../domain/events.js';
import { DROP_PLACES, type Meter } from '../domain/observer.js';
import { INTERRUPTION_DECISIONS } from '../domain/speech.js';

/** From a fast answer to one nobody waits for. */
const STAGE_BUCKETS = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 20];
/** 20 ms steps around what a caller notices. */
const STOP_BUCKETS = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.4, 0.6, 1, 2];
/** From a recording at hand to a model that nobody waits for. */
const FIRST_BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 20];
/** 20 ms of audio must take far less than 20 ms: 10 µs to 20 ms. */
const FRAME_BUCKETS = [0.00001, 0.00002, 0.00004, 0.00006, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02];

/** What the calls measure: in every process that has calls. */
export function registerMeter(registry: Registry): Meter {
  const registers = [registry];
  const stage = new Histogram({ name: 'voice_node_turn_stage_seconds', help: 'Length of each stage of a turn, as far as it came.', labelNames: ['stage'] as const, buckets: STAGE_BUCKETS, registers });
  const interruptions = new Counter({
    name: 'voice_node_interruptions_total',
    help: 'What was made of sounds while the robot spoke: speech cut the reply; noise, echo and backchannel did not; held and resumed count replies that waited and went on.',
    labelNames: ['decision'] as const,
    registers,
  });
  const bargeIn = new Histogram({ name: 'voice_node_barge_in_stop_seconds', help: "From the caller's first voiced frame to the last reply frame handed to the transport.", buckets: STOP_BUCKETS, registers });
  const frame = new Histogram({ name: 'voice_node_frame_seconds', help: 'CPU time of one 20 ms frame through hearing.', buckets: FRAME_BUCKETS, registers });
  const frames = new Counter({ name: 'voice_node_frames_total', help: 'Audio frames: 20 ms in, 10 ms out.', labelNames: ['direction'] as const, registers });
  const dropped = new Counter({ name: 'voice_node_frames_dropped_total', help: 'Audio thrown away, in frames (20 ms in, 10 ms out), by where.', labelNames: ['where'] as const, registers });
  const lateTicks = new Counter({ name: 'voice_node_late_ticks_total', help: 'Playout ticks that came a packet (20 ms) or more late.', registers });
  const providerErrors = new Counter({ name: 'voice_node_provider_errors_total', help: 'Failures of what answers a call, by kind and code.', labelNames: ['kind', 'code'] as const, registers });
  const providerFirst = new Histogram({
    name: 'voice_node_provider_first_result_seconds',
    help: 'From the request to the first result of a provider: first token, first audio; of speech recognition from the end of speech to the final transcript.',
    labelNames: ['kind', 'vendor'] as const,
    buckets: FIRST_BUCKETS,
    registers,
  });
  const providerUsage = new Counter({ name: 'voice_node_provider_usage_total', help: 'What providers bill by: tokens, characters, seconds of audio.', labelNames: ['vendor', 'unit'] as const, registers });

  const stages = new Map(STAGES.map((name) => [name, stage.labels(name)]));
  const framesIn = frames.labels('in');
  const framesOut = frames.labels('out');
  for (const name of STAGES) stage.zero({ stage: name });
  for (const direction of [framesIn, framesOut]) direction.inc(0);
  for (const decision of INTERRUPTION_DECISIONS) interruptions.labels(decision).inc(0);
  for (const where of DROP_PLACES) dropped.labels(where).inc(0);
  providerErrors.labels('orchestrator', 'answer_failed').inc(0);

  return {
    turn(report) {
      for (const [name, ms] of Object.entries(report.stagesMs)) stages.get(name as (typeof STAGES)[number])?.observe(ms / 1000);
    },
    bargeIn: (stopMs) => bargeIn.observe(stopMs / 1000),
    interruption: (decision) => interruptions.labels(decision).inc(),
    frameIn(cpuMs) {
      framesIn.inc();
      frame.observe(cpuMs / 1000);
    },
    framesOut: (count) => framesOut.inc(count),
    framesDropped: (where, count) => dropped.labels(where).inc(count),
    lateTicks: (count) => lateTicks.inc(count),
    providerError: (kind, code) => providerErrors.labels(kind, code).inc(),
    providerFirst: (kind, vendor, afterMs) => providerFirst.labels(kind, vendor).observe(afterMs / 1000),
    providerUsed: (vendor, unit, amount) => providerUsage.labels(vendor, unit).inc(amount),
  };
}
