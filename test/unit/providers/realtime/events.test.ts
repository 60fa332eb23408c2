import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../voice-node/domain/provider.js';
import { parseServerEvent } from '../../../../voice-node/providers/realtime/events.js';
import { errorOfEnd, errorOfTrouble } from '../../../../voice-node/providers/realtime/failures.js';

const KNOWN = ['session.created', 'session.updated', 'error', 'input_audio_buffer.speech_started', 'input_audio_buffer.committed', 'conversation.item.input_audio_transcription.completed', 'response.created', 'response.output_audio.delta', 'response.output_audio_transcript.delta', 'response.output_text.done', 'response.output_item.done', 'response.done', 'rate_limits.updated', 'something.new'];

describe('what a server says', () => {
  it('is either understood, or refused as a fault of the protocol, without repeating any of it', () => {
    const field = fc.constantFrom('item_id', 'response_id', 'delta', 'transcript', 'text', 'item', 'response', 'error', 'usage', 'event_id');
    const event = fc.tuple(fc.constantFrom(...KNOWN), fc.dictionary(field, fc.anything({ maxDepth: 3 }))).map(([type, rest]) => JSON.stringify({ ...rest, type }));
    fc.assert(
      fc.property(fc.oneof(event, fc.json(), fc.string()), (text) => {
        try {
          parseServerEvent('openai', text);
        } catch (error) {
          expect(error).toBeInstanceOf(ProviderError);
          expect((error as ProviderError).code).toBe('provider_protocol');
          expect((error as ProviderError).message).toMatch(/^openai realtime: expected [\w ,.]+, got [\w ]+$/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('is ignored where it is new or does not matter', () => {
    for (const type of ['session.created', 'conversation.item.added', 'rate_limits.updated', 'response.output_audio.done', 'response.something.new', 'something.new']) {
      expect(parseServerEvent('openai', JSON.stringify({ type, anything: 1 }))).toEqual({ type: 'ignored' });
    }
  });

  it('is audio only as whole samples in whole base64', () => {
    const delta = (audio: string) => () => parseServerEvent('yandex', JSON.stringify({ type: 'response.output_audio.delta', response_id: 'r', item_id: 'i', delta: audio }));
    expect(delta('AQACAA==')()).toMatchObject({ samples: Int16Array.from([1, 2]) });
    expect(delta('')()).toMatchObject({ samples: new Int16Array(0) });
    for (const broken of ['AQACAA=', 'AQACA', 'AQA*AA==', 'AQID', '====']) expect(delta(broken)).toThrow(/yandex realtime: expected/);
  });

  it('may be a complaint in any of the forms that are in use', () => {
    expect(parseServerEvent('openai', '{"type":"error","error":{"type":"invalid_request_error","code":"x_y","event_id":"response-1","message":"secret"}}')).toEqual({ type: 'error', eventId: 'response-1', trouble: { type: 'invalid_request_error', code: 'x_y' } });
    expect(parseServerEvent('yandex', '{"type":"error","message":"secret","code":"resource_exhausted"}')).toEqual({ type: 'error', eventId: undefined, trouble: { type: undefined, code: 'resource_exhausted' } });
    expect(parseServerEvent('yandex', '{"type":"error","error":"secret words"}')).toEqual({ type: 'error', eventId: undefined, trouble: { type: undefined, code: undefined } });
  });
});

describe('an error', () => {
  it.each([
    ['invalid_api_key', 'provider_auth'],
    ['authentication_error', 'provider_auth'],
    ['insufficient_quota', 'provider_rate_limited'],
    ['rate_limit_exceeded', 'provider_rate_limited'],
    ['session_expired', 'provider_broken'],
    ['server_error', 'provider_unavailable'],
    ['invalid_value', 'provider_rejected'],
    ['model_not_found', 'provider_rejected'],
    ['some_new_thing', 'provider_unavailable'],
  ])('called %s is %s', (code, expected) => {
    expect(errorOfTrouble('openai', 'x', { type: undefined, code }).code).toBe(expected);
  });

  it('names a close reason only where that is a name', () => {
    expect(errorOfEnd('openai', { kind: 'closed', code: 4000, reason: 'invalid_request_error.beta_api_shape_disabled' }, true, 0)).toMatchObject({ code: 'provider_rejected', message: 'openai realtime: the connection was closed with 4000 invalid_request_error.beta_api_shape_disabled' });
    expect(errorOfEnd('openai', { kind: 'closed', code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' }, true, 0)).toMatchObject({ code: 'provider_broken', message: 'openai realtime: the connection was closed with 1001' });
  });

  it('says how long to stay away, in seconds or by a date', () => {
    const refused = (retryAfter: string) => errorOfEnd('openai', { kind: 'refused', status: 429, retryAfter }, false, Date.parse('2026-01-01T00:00:00Z')).retryAfterMs;
    expect([refused('3'), refused('Thu, 01 Jan 2026 00:00:05 GMT'), refused('soon'), refused('-1')]).toEqual([3000, 5000, undefined, undefined]);
  });
});
