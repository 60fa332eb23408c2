import bindings from '@livekit/rtc-ffi-bindings';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAudioEvent } from '../../../voice-node/transports/livekit/native-events.js';

// What rtc-node's own protobuf classes write is read.

const { FfiEvent } = bindings;
const id = fc.maxSafeInteger().map((value) => Math.abs(value));
const count = fc.nat(2 ** 31 - 1);

type Init = NonNullable<ConstructorParameters<typeof FfiEvent>[0]>;
const bytesOf = (message: NonNullable<Init['message']>): Uint8Array => new FfiEvent({ message }).toBinary();

const frameEvent = ({ stream, handle, dataPtr, channels, samples }: Record<'stream' | 'handle' | 'dataPtr' | 'channels' | 'samples', number>): Uint8Array =>
  bytesOf({
    case: 'audioStreamEvent',
    value: {
      streamHandle: BigInt(stream),
      message: {
        case: 'frameReceived',
        value: { frame: { handle: { id: BigInt(handle) }, info: { dataPtr: BigInt(dataPtr), numChannels: channels, sampleRate: 48_000, samplesPerChannel: samples } } },
      },
    },
  });

describe('events of audio', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(id, id, id, count, count, fc.option(fc.string(), { nil: undefined }), (stream, handle, dataPtr, channels, samples, error) => {
        expect(readAudioEvent(frameEvent({ stream, handle, dataPtr, channels, samples }))).toEqual({ type: 'frame', stream, handle, dataPtr, channels, samplesPerChannel: samples });
        expect(readAudioEvent(bytesOf({ case: 'audioStreamEvent', value: { streamHandle: BigInt(stream), message: { case: 'eos', value: {} } } }))).toEqual({ type: 'end', stream });
        const captured = { asyncId: BigInt(handle), ...(error === undefined ? {} : { error }) };
        expect(readAudioEvent(bytesOf({ case: 'captureAudioFrame', value: captured }))).toEqual({ type: 'captured', asyncId: handle });
      }),
    );
  });

  it('are the only ones that are read', () => {
    const others: NonNullable<Init['message']>[] = [
      { case: 'roomEvent', value: { roomHandle: 4n, message: { case: 'eos', value: {} } } },
      { case: 'publishTrack', value: { asyncId: 13n, message: { case: 'error', value: 'no' } } },
      { case: 'disconnect', value: { asyncId: 4n } },
      { case: 'logs', value: { records: [] } },
    ] as NonNullable<Init['message']>[];
    for (const message of others) expect(readAudioEvent(bytesOf(message))).toBeUndefined();
    expect(readAudioEvent(new Uint8Array())).toBeUndefined();
  });

  it('that are cut off or garbled are never taken for a frame that reaches beyond them, and nothing is thrown', () => {
    const whole = frameEvent({ stream: 300, handle: 70_000, dataPtr: 2 ** 46 + 12_345, channels: 1, samples: 960 });
    for (let length = 0; length < whole.length; length++) expect(readAudioEvent(whole.subarray(0, length))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void readAudioEvent(bytes)));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const bytes = whole.slice();
        bytes[at] = byte;
        readAudioEvent(bytes);
      }),
    );
  });
});
