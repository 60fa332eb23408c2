import { describe, expect, it } from 'vitest';
import type { ConversationHost, Orchestrator, Reply } from '../../../voice-node/domain/orchestrator.js';
import { mediaMs } from '../../../voice-node/domain/time.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { ToneOrchestrator } from '../../../voice-node/orchestrators/tone.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';
import { fitTone } from '../dsp/signals.js';

interface Heard {
  readonly said: string[];
  readonly audio: { readonly samples: Int16Array; readonly rateHz: number }[];
}

/** Opens a conversation and hands it an utterance; returns what its reply did. */
function answerOf(orchestrator: Orchestrator, samples: Int16Array, rateHz: number): Heard {
  const heard: Heard = { said: [], audio: [] };
  const { signal } = new AbortController();
  const host: ConversationHost = {
    callId: 'c',
    rateHz: 8000,
    past: undefined,
    signal,
    clock: new VirtualClock(),
    log: new MemoryLog(),
    transcript: () => expect.unreachable(),
    endCall: () => expect.unreachable(),
    beginReply(turn): Reply {
      heard.said.push(`begin ${turn}`);
      return {
        generation: 1,
        turn,
        signal,
        understood: () => void heard.said.push('understood'),
        chosen: () => void heard.said.push('chosen'),
        text: () => expect.unreachable(),
        audio(piece, pieceRateHz) {
          heard.said.push('audio');
          heard.audio.push({ samples: piece.slice(), rateHz: pieceRateHz });
          return Promise.resolve(true);
        },
        end: () => void heard.said.push('end'),
        fail: () => expect.unreachable(),
      };
    },
  };
  const conversation = orchestrator.open(host);
  conversation.speechStarted?.(4);
  conversation.speechEnded(4, { samples, rateHz, startMs: mediaMs(0, rateHz), preRollMs: 400 });
  conversation.stopPlayback({ generation: 1, turn: 4, heardMs: 0, text: '', complete: false });
  conversation.close();
  return heard;
}

const ORDER = ['begin 4', 'understood', 'chosen', 'audio', 'end'];

describe('echo', () => {
  it('says back the utterance at its own rate, whole from its first sound on', () => {
    const samples = new Int16Array(16_000);
    for (let i = 8000; i < 12_000; i++) samples[i] = Math.round(9000 * Math.sin(i / 5));
    const { said, audio } = answerOf(new EchoOrchestrator(), samples, 16_000);
    expect(said).toEqual(ORDER);
    expect(audio[0]?.rateHz).toBe(16_000);
    const played = audio[0]?.samples ?? new Int16Array();
    expect(played).toEqual(samples.subarray(samples.length - played.length));
    expect(played.length).toBeGreaterThanOrEqual(8000);
  });

  it('has an answer to silence as well', () => {
    expect(answerOf(new EchoOrchestrator(), new Int16Array(800), 8000).said).toEqual(ORDER);
  });
});

describe('tone', () => {
  it('answers everything with the same tone, without clicks at its ends', () => {
    const orchestrator = new ToneOrchestrator({ frequencyHz: 1000, durationMs: 300, levelDbfs: -20 });
    const { said, audio } = answerOf(orchestrator, new Int16Array(800), 8000);
    expect(said).toEqual(ORDER);
    const { samples, rateHz } = audio[0] as { samples: Int16Array; rateHz: number };
    expect([samples.length, rateHz]).toEqual([4800, 16_000]);
    const fit = fitTone(samples.subarray(100, 4700), 16_000, 1000, 0);
    expect(20 * Math.log10(fit.amplitude / 32_768)).toBeCloseTo(-20, 2);
    expect(fit.residualRms).toBeLessThan(1);
    expect(Math.abs(samples[0] as number)).toBeLessThan(20);
    expect(Math.abs(samples.at(-1) as number)).toBeLessThan(20);
    expect(answerOf(orchestrator, new Int16Array(8), 8000).audio[0]?.samples).toEqual(samples);
  });

  it('takes a second of 700 Hz where nothing is set', () => {
    const { audio } = answerOf(new ToneOrchestrator(), new Int16Array(8), 8000);
    expect((audio[0]?.samples.length ?? 0) / (audio[0]?.rateHz ?? 1)).toBe(1);
  });
});
