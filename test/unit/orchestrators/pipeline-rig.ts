import type { Said } from '../../../voice-node/domain/journal.js';
import type { Orchestrator } from '../../../voice-node/domain/orchestrator.js';
import { PipelineOrchestrator, type PipelineOptions } from '../../../voice-node/orchestrators/pipeline/pipeline.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { ScriptedLlm, ScriptedStt, ScriptedTts, type ScriptedLlmOptions, type ScriptedSttOptions, type ScriptedTtsOptions } from '../../support/scripted-providers.js';
import { FakeHost } from './fake-host.js';

export interface PipelineRig {
  readonly clock: VirtualClock;
  readonly host: FakeHost;
  readonly stt: ScriptedStt;
  readonly llm: ScriptedLlm;
  readonly tts: ScriptedTts;
  readonly orchestrator: Orchestrator;
  /** Requests that have not ended. */
  readonly open: number;
}

export interface PipelineRigOptions {
  readonly stt?: Partial<ScriptedSttOptions>;
  readonly llm?: Partial<ScriptedLlmOptions>;
  readonly tts?: ScriptedTtsOptions;
  readonly options?: Partial<PipelineOptions>;
  /** The call goes on after its process has died. */
  readonly past?: readonly Said[];
}

/** A pipeline on virtual time: a caller who says "question", a model that answers "Fine.", unless told otherwise. */
export function pipelineRig({ stt: sttOptions, llm: llmOptions, tts: ttsOptions, options, past }: PipelineRigOptions = {}): PipelineRig {
  const clock = new VirtualClock();
  const stt = new ScriptedStt(clock, { script: (n) => ({ final: `question ${n}` }), finalMs: 100, ...sttOptions });
  const llm = new ScriptedLlm(clock, { answer: () => 'Fine.', firstMs: 50, ...llmOptions });
  const tts = new ScriptedTts(clock, { firstMs: 50, ...ttsOptions });
  const orchestrator = new PipelineOrchestrator({ stt, llm, tts, prompt: 'You are a robot.', language: 'en-US', endCall: false, speculate: false, historyMessages: 40, ...options });
  const host = new FakeHost(clock, past).open(orchestrator);
  return {
    clock,
    host,
    stt,
    llm,
    tts,
    orchestrator,
    get open() {
      return stt.open + llm.open + tts.open;
    },
  };
}

/** What the model was shown in request `n`, without the prompt: `u: ...`, `a: ...`. */
export const shown = ({ llm }: Pick<PipelineRig, 'llm'>, n: number): string[] =>
  (llm.asked.at(n)?.messages ?? []).flatMap((message) => (message.role === 'system' ? [] : [`${message.role[0]}: ${message.content}`]));
