import { status as Status } from '@grpc/grpc-js';
import { UtteranceSynthesisResponse } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts.js';
import { fail, GARBAGE, isAllowed, type SpeechKitFault, type SpeechKitOptions, type Writable } from './speechkit-script.js';

/** One synthesis. */
export function speak(call: Writable, fake: SpeechKitOptions, fault: SpeechKitFault): void {
  if (!isAllowed(call.metadata, fake)) return fail(call, Status.UNAUTHENTICATED, `key ${String(call.metadata.get('authorization')[0])} is unknown`);
  const { text = '', unsafeMode, outputAudioSpec } = call.request;
  // Limits of the vendor's docs, en/_includes/speechkit-limits.md.
  if (text.length > (unsafeMode ? 5000 : 250)) return fail(call, Status.INVALID_ARGUMENT, 'too long');
  if (outputAudioSpec?.rawAudio?.audioEncoding !== 1) return fail(call, Status.INVALID_ARGUMENT, 'the fake speaks raw audio only');
  if (typeof fault === 'object' && fault.midway !== true) return fail(call, fault.status, fault.details, fault.pushbackMs);
  if (fault === 'hang') return;
  if (fault === 'garbage') return void call.write(GARBAGE as unknown as UtteranceSynthesisResponse);
  const rateHz = outputAudioSpec.rawAudio.sampleRateHertz;
  const samples = typeof fake.samples === 'function' ? fake.samples(text, rateHz) : (fake.samples ?? new Int16Array(rateHz).fill(1000));
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const size = fake.chunkBytes ?? 4001;
  const chunk = (from: number): UtteranceSynthesisResponse => UtteranceSynthesisResponse.fromPartial({ audioChunk: { data: bytes.subarray(from, from + size) } });
  if (fault === 'empty_messages') {
    for (let i = 0; i < 5; i++) call.write(UtteranceSynthesisResponse.fromPartial({}));
    return void call.end();
  }
  if (fault === 'endless') {
    const more = (): void => {
      while (!call.cancelled) if (!call.write(chunk(0))) return void call.once('drain', more);
    };
    return more();
  }
  if (fault === 'end_early') return void call.end();
  call.write(chunk(0));
  if (fault === 'hang_midway') return;
  if (fault === 'garbage_midway') return void call.write(GARBAGE as unknown as UtteranceSynthesisResponse);
  if (typeof fault === 'object') return fail(call, fault.status, fault.details, fault.pushbackMs);
  for (let from = size; from < bytes.length; from += size) call.write(chunk(from));
  call.end();
}
