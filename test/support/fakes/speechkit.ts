import { Server, ServerCredentials, type Metadata } from '@grpc/grpc-js';
import { RecognizerService } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/stt/v3/stt_service.js';
import type { UtteranceSynthesisRequest } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts.js';
import { SynthesizerService } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts_service.js';
import { Watch } from './loopback.js';
import { GARBAGE, GARBAGE_BYTES, type Duplex, type SpeechKitFault, type SpeechKitOptions, type SttSession, type TtsCall, type Writable } from './speechkit-script.js';
import { Session } from './speechkit-session.js';
import { speak } from './speechkit-speak.js';

/**
 * SpeechKit v3 on a real socket. Messages are packed and unpacked by the vendor's own stubs
 * (@yandex-cloud/nodejs-sdk), so a wrong field number of ours is seen here. The order of a session's events is
 * that of the example in the vendor's docs, en/speechkit/stt/api/streaming-examples-v3.md: status_code, partials,
 * final, final_refinement, eou_update.
 */
export interface SpeechKitFake {
  readonly port: number;
  readonly address: string;
  fault: SpeechKitFault;
  readonly sessions: readonly SttSession[];
  readonly syntheses: readonly TtsCall[];
  /** Resolves when `check` holds; looked at after each event. */
  until(check: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startSpeechKit(options: SpeechKitOptions = {}): Promise<SpeechKitFake> {
  const state = { fault: options.fault ?? 'none' };
  const { changed, until } = new Watch();
  const sessions: Session[] = [];
  const syntheses: { request: UtteranceSynthesisRequest; metadata: Metadata; cancelled: boolean }[] = [];
  const server = new Server();
  const orGarbage =
    <M>(serialize: (message: M) => Buffer) =>
    (message: M): Buffer =>
      (message as unknown) === GARBAGE ? GARBAGE_BYTES : serialize(message);
  const recognize = { ...RecognizerService.recognizeStreaming, responseSerialize: orGarbage(RecognizerService.recognizeStreaming.responseSerialize) };
  const synthesize = { ...SynthesizerService.utteranceSynthesis, responseSerialize: orGarbage(SynthesizerService.utteranceSynthesis.responseSerialize) };
  server.addService({ ...RecognizerService, recognizeStreaming: recognize }, {
    recognizeStreaming: (call: Duplex) => {
      sessions.push(new Session(call, options, state.fault, changed));
      changed();
    },
  });
  server.addService({ ...SynthesizerService, utteranceSynthesis: synthesize }, {
    utteranceSynthesis: (call: Writable) => {
      const record = { request: call.request, metadata: call.metadata, cancelled: false };
      syntheses.push(record);
      call.on('cancelled', () => {
        record.cancelled = true;
        changed();
      });
      speak(call, options, state.fault);
      changed();
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return {
    port,
    address: `127.0.0.1:${port}`,
    get fault() {
      return state.fault;
    },
    set fault(fault) {
      state.fault = fault;
    },
    sessions,
    syntheses,
    until,
    close: async () => {
      for (const session of sessions) session.stop();
      server.forceShutdown();
    },
  };
}
