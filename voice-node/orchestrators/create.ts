import type { Orchestrator } from '../domain/orchestrator.js';
import { EchoOrchestrator } from './echo.js';
import { DEFAULT_TONE, ToneOrchestrator, type ToneOptions } from './tone.js';

/** What decides how a robot answers. */
export type AnswerConfig = { readonly mode: 'echo' } | { readonly mode: 'tone'; readonly tone?: ToneOptions | undefined };

export function createOrchestrator(config: AnswerConfig): Orchestrator {
  switch (config.mode) {
    case 'echo':
      return new EchoOrchestrator();
    case 'tone':
      return new ToneOrchestrator(config.tone ?? DEFAULT_TONE);
  }
}
