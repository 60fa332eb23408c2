import { createRequire } from 'node:module';

import { arrivalMs, type Mark } from './heard.js';

/** What of @ricky0123/vad-web's frame processor is used; the package's types want a browser's. */
interface LoopModule {
  readonly defaultFrameProcessorOptions: object;
  readonly FrameProcessor: new (
    model: (frame: Float32Array) => Promise<{ isSpeech: number; notSpeech: number }>,
    reset: () => void,
    options: object,
    msPerFrame: number,
  ) => { resume(): void; process(frame: Float32Array, onEvent: (event: { readonly msg: string }) => void): Promise<void> };
}

const load = createRequire(import.meta.url);
const { FrameProcessor, defaultFrameProcessorOptions } = load('@ricky0123/vad-web/dist/frame-processor.js') as LoopModule;
const { Message } = load('@ricky0123/vad-web/dist/messages.js') as { readonly Message: Readonly<Record<'SpeechStart' | 'SpeechEnd' | 'VADMisfire', string>> };

/** That package's own loop with its own defaults (0.3, 0.25, 1.4 s of silence), fed with the scores of Silero v6.2. */
export async function vadWebMarks(scores: Float32Array, windowMs: number): Promise<Mark[]> {
  let next = 0;
  const loop = new FrameProcessor(
    () => Promise.resolve({ isSpeech: scores[next] as number, notSpeech: 1 - (scores[next] as number) }),
    () => undefined,
    defaultFrameProcessorOptions,
    windowMs,
  );
  loop.resume();
  const marks: Mark[] = [];
  const nothing = new Float32Array(1);
  for (; next < scores.length; next++) {
    const atMs = arrivalMs((next + 1) * windowMs);
    await loop.process(nothing, ({ msg }) => {
      if (msg === Message.SpeechStart) marks.push({ kind: 'start', atMs });
      else if (msg === Message.SpeechEnd || msg === Message.VADMisfire) marks.push({ kind: 'end', atMs });
    });
  }
  return marks;
}
