import { describe, expect, it } from 'vitest';
import type { CallCommand } from '../../../voice-node/call/events.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { mediaMs, monotonicMs } from '../../../voice-node/domain/time.js';
import { CoreDriver } from './core-driver.js';

const at = mediaMs(0, 8000);
const names = CoreDriver.names;

/** A call whose robot is speaking and may be interrupted by those who mean it. */
function speaking(apologises = false): { readonly call: CoreDriver; readonly generation: number } {
  const call = new CoreDriver({}, { interruptions: 'confirm', phrases: apologises ? { apology: 1500 } : {} }).listening().says();
  const generation = call.answers();
  call.heardMs = 640;
  call.after(640);
  return { call, generation };
}
const suspect = (call: CoreDriver): readonly CallCommand[] => call.send({ type: 'speech_suspected', atMs: at, onsetArrivedMs: monotonicMs(call.nowMs - 40) });
const mean = (call: CoreDriver): readonly CallCommand[] => call.send({ type: 'speech_meant', atMs: at });
const dismiss = (call: CoreDriver, reason: 'noise' | 'echo' | 'backchannel' = 'noise'): readonly CallCommand[] => call.send({ type: 'speech_dismissed', atMs: at, reason });
const decisions = (call: CoreDriver): string[] => call.commands.flatMap((command) => (command.type === 'report_interruption' ? [command.decision] : []));

describe('interruptions that have to be meant', () => {
  it('lowers the voice at a first sound, and raises it again when it was nothing', () => {
    const { call } = speaking();
    expect(suspect(call)).toEqual([{ type: 'duck_reply', on: true }]);
    expect(names(call.after(120).send({ type: 'speech_dismissed', atMs: at, reason: 'noise' }))).toEqual(['report_interruption', 'publish interruption', 'duck_reply']);
    expect(call.commands.at(-1)).toEqual({ type: 'duck_reply', on: false });
    expect(call.state).toMatchObject({ phase: 'speaking', turn: 1 });
    expect(decisions(call)).toEqual(['noise']);
    // Told once.
    expect(dismiss(call)).toEqual([]);
  });

  it('holds the reply at speech, and cuts it when it is meant; the stop counts from the hold', () => {
    const { call } = speaking();
    suspect(call);
    expect(names(call.after(60).starts(true))).toEqual(['hold_reply', 'report_interruption', 'publish interruption', 'agent_state', 'tell_started', 'publish speech_started']);
    expect(call.state).toMatchObject({ phase: 'hearing', turn: 2 });
    expect(call.reports).toEqual([]);
    const commands = call.after(600).send({ type: 'speech_meant', atMs: at });
    expect(names(commands)).toEqual(['report_interruption', 'publish interruption', 'robot_speaking', 'cut_reply', 'publish reply_ended', 'report_barge_in', 'publish barge_in', 'report_turn', 'publish turn']);
    // The onset lies 60 ms before the hold.
    expect(commands.find((command) => command.type === 'report_barge_in')).toMatchObject({ stopMs: 60, heardMs: 640 });
    expect(call.reports).toMatchObject([{ turn: 1, end: 'interrupted' }]);
    call.after(400).ends();
    expect(call.state).toMatchObject({ phase: 'thinking', turn: 2, held: undefined });
    call.answers();
    call.send({ type: 'playout_finished', generation: call.state.generation, heardMs: 900 });
    expect(call.reports).toMatchObject([{ turn: 1 }, { turn: 2, end: 'answered' }]);
    expect(decisions(call)).toEqual(['held', 'speech']);
  });

  it('takes speech that was heard to its end for meant', () => {
    const { call } = speaking();
    call.starts(true);
    expect(names(call.after(500).ends())).toEqual(expect.arrayContaining(['cut_reply', 'tell_ended']));
    expect(call.state.phase).toBe('thinking');
  });

  it.each(['backchannel', 'noise'] as const)('goes on after %s, and the answer is reported whole', (reason) => {
    const { call, generation } = speaking();
    call.starts(true);
    expect(names(dismiss(call.after(400), reason))).toEqual([
      'report_interruption', 'publish interruption', 'report_interruption', 'publish interruption', 'agent_state', 'tell_dropped', 'publish speech_dropped', 'hold_reply',
    ]);
    expect(call.state).toMatchObject({ phase: 'speaking', held: undefined, reply: { generation } });
    expect(decisions(call)).toEqual(['held', reason, 'resumed']);
    call.after(2000).send({ type: 'playout_finished', generation, heardMs: 3000 });
    expect(call.reports).toMatchObject([{ turn: 1, end: 'answered', heardMs: 3000 }]);
    // The next utterance is a turn of its own.
    call.says();
    call.answers();
    expect(call.state).toMatchObject({ phase: 'speaking', turn: 3 });
  });

  it('takes a dropped utterance for noise', () => {
    const { call } = speaking();
    call.starts(true);
    call.send({ type: 'speech_dropped', atMs: at, voicedMs: 60 });
    expect(call.state.phase).toBe('speaking');
    expect(decisions(call)).toEqual(['held', 'noise', 'resumed']);
  });

  it('may answer the same turn once more after an interruption that was none', () => {
    const { call } = speaking();
    call.starts(true);
    dismiss(call);
    expect(names(call.send({ type: 'reply_begun', turn: 1 }))).toContain('begin_reply');
  });

  it('keeps checking that audio comes while a reply is held, and never longer than the call', () => {
    const { call } = speaking();
    call.starts(true);
    for (let i = 0; i < 100; i++) expect(names(call.expire())).toEqual(['check_audio']);
    while (call.end === undefined) call.expire();
    expect(call.end).toBe('too_long');
  });

  it('a reply that fails while it is held: whoever speaks is not disturbed, and is apologised to if it was nothing', () => {
    for (const meant of [true, false]) {
      const { call, generation } = speaking(true);
      call.starts(true);
      expect(names(call.send({ type: 'reply_failed', generation, error: new VoiceNodeError('answer_failed', 'x') }))).toEqual(['report_error', 'publish error']);
      expect(call.state.phase).toBe('hearing');
      const commands = names(meant ? mean(call) : dismiss(call));
      expect(commands).toContain('cut_reply');
      expect(commands.includes('say')).toBe(!meant);
      expect(commands).not.toContain('hold_reply');
      expect(call.state.phase).toBe(meant ? 'hearing' : 'thinking');
    }
  });

  it('a caller who leaves, and a good-bye that is interrupted', () => {
    const left = speaking().call;
    left.starts(true);
    expect(names(left.send({ type: 'caller_left', hungUp: false }))).toEqual(expect.arrayContaining(['tell_dropped', 'cut_reply', 'reset_hearing']));
    expect(left.reports).toMatchObject([{ turn: 1, end: 'interrupted' }]);
    const ending = speaking().call;
    ending.send({ type: 'end_requested' });
    ending.starts(true);
    expect(ending.end).toBeUndefined();
    mean(ending);
    expect(ending.end).toBe('robot_ended');
  });

  it('knows nothing of it where interruptions are immediate, or off', () => {
    const now = new CoreDriver().listening().says();
    now.answers();
    expect(suspect(now)).toEqual([]);
    expect(names(now.starts(true))).toContain('cut_reply');
    expect(decisions(now)).toEqual(['speech']);
    const off = new CoreDriver({}, { interruptions: 'off' }).listening().says();
    off.answers();
    expect([suspect(off), off.starts(true), dismiss(off), mean(off)]).toEqual([[], [], [], []]);
  });
});
