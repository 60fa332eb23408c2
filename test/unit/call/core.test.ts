import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { BORN_MS, CoreDriver, LIMITS } from './core-driver.js';

const { names } = CoreDriver;
const trouble = new VoiceNodeError('answer_failed', 'no');

describe('a call that goes well', () => {
  it('connects, waits, and opens the conversation for the first caller only', () => {
    const call = new CoreDriver();
    expect(names(call.send({ type: 'connected' }))).toEqual([]);
    expect(call.state.phase).toBe('waiting');
    expect(names(call.send({ type: 'caller_joined' }))).toEqual(['open_conversation', 'agent_state']);
    call.send({ type: 'caller_left', hungUp: false });
    expect(names(call.send({ type: 'caller_joined' }))).toEqual(['agent_state']);
  });

  it('hears of a caller who was there before the line was up, unless he has gone again', () => {
    const early = new CoreDriver();
    expect(early.send({ type: 'caller_joined' })).toEqual([]);
    early.send({ type: 'connected' });
    expect(early.state.phase).toBe('listening');
    const gone = new CoreDriver();
    gone.send({ type: 'caller_joined' });
    gone.send({ type: 'caller_left', hungUp: false });
    gone.send({ type: 'connected' });
    expect(gone.state.phase).toBe('waiting');
  });

  it('answers a turn: every command in its order, every mark at its time', () => {
    const call = new CoreDriver().listening();
    call.after(1000);
    expect(names(call.starts())).toEqual(['tell_started', 'publish speech_started']);
    call.after(1500);
    expect(names(call.ends())).toEqual(['agent_state', 'tell_ended', 'publish speech_ended']);
    call.after(20);
    expect(names(call.send({ type: 'reply_begun', turn: 1 }))).toEqual(['begin_reply']);
    call.after(100).send({ type: 'understood', turn: 1 });
    call.after(200).send({ type: 'reply_chosen', generation: 1 });
    call.after(80).send({ type: 'reply_audio', generation: 1 });
    expect(names(call.after(15).send({ type: 'playout_started', generation: 1 }))).toEqual(['agent_state', 'robot_speaking', 'publish reply_started']);
    call.after(5).send({ type: 'playout_audible', generation: 1 });
    expect(names(call.after(2000).send({ type: 'playout_finished', generation: 1, heardMs: 2000 }))).toEqual([
      'robot_speaking',
      'finish_reply',
      'publish reply_ended',
      'report_turn',
      'publish turn',
      'agent_state',
    ]);
    expect(call.reports).toEqual([
      {
        turn: 1,
        end: 'answered',
        marksMs: { t1: 1000, t2: 2500, t3: 2620, t4: 2820, t5: 2900, t6: 2920 },
        stagesMs: { endpointing: 500, stt: 120, llm: 200, tts: 80, playout: 20, response: 420 },
        utteranceMs: 1000,
        heardMs: 2000,
      },
    ]);
    expect(call.state.phase).toBe('listening');
  });

  it('greets: a reply without a turn', () => {
    const call = new CoreDriver().listening();
    const generation = call.answers(null);
    expect(call.state.phase).toBe('speaking');
    call.send({ type: 'playout_finished', generation, heardMs: 800 });
    expect(call.state.phase).toBe('listening');
    expect(call.reports).toEqual([]);
  });

  it('drops speech that was none', () => {
    const call = new CoreDriver().listening();
    call.starts();
    expect(names(call.send({ type: 'speech_dropped', atMs: 0 as never, voicedMs: 40 }))).toEqual(['tell_dropped', 'publish speech_dropped']);
    expect(call.state.phase).toBe('listening');
    expect(call.reports).toEqual([]);
    call.says();
    expect(call.state.turn).toBe(2);
  });

  it('counts what was understood early from the end of the utterance', () => {
    const call = new CoreDriver().listening();
    call.starts();
    call.after(400).send({ type: 'understood', turn: 1 });
    call.after(600).ends();
    const generation = call.answers();
    call.send({ type: 'playout_finished', generation, heardMs: 1 });
    expect(call.reports[0]?.stagesMs.stt).toBe(0);
    expect(call.reports[0]?.marksMs).toMatchObject({ t2: 1000, t3: 1000 });
  });
});

describe('interruptions', () => {
  it('cuts the reply, reports how long that took, then listens', () => {
    const call = new CoreDriver().listening().says();
    call.answers();
    call.heardMs = 640;
    const commands = call.after(700).starts();
    expect(names(commands)).toEqual([
      'report_interruption',
      'publish interruption',
      'robot_speaking',
      'cut_reply',
      'agent_state',
      'tell_started',
      'publish speech_started',
      'publish reply_ended',
      'report_barge_in',
      'publish barge_in',
      'report_turn',
      'publish turn',
    ]);
    expect(commands.find((command) => command.type === 'report_barge_in')).toMatchObject({ stopMs: 60, heardMs: 640 });
    expect(call.reports).toMatchObject([{ turn: 1, end: 'interrupted', heardMs: 640 }]);
    expect(call.state).toMatchObject({ phase: 'hearing', turn: 2, reply: undefined });
  });

  it('takes speech while it thinks for a new turn; the old one is unanswered and no barge-in', () => {
    for (const begun of [false, true]) {
      const call = new CoreDriver().listening().says();
      if (begun) call.send({ type: 'reply_begun', turn: 1 });
      const commands = call.starts();
      expect(names(commands)).not.toContain('report_barge_in');
      expect(names(commands).includes('cut_reply')).toBe(begun);
      expect(names(commands)).not.toContain('robot_speaking');
      expect(call.reports).toMatchObject([{ turn: 1, end: 'unanswered', heardMs: 0 }]);
    }
  });

  it('ignores what the old reply still says', () => {
    const call = new CoreDriver().listening().says();
    const generation = call.answers();
    call.starts();
    for (const type of ['reply_chosen', 'reply_audio', 'playout_started', 'playout_audible', 'playout_starved', 'playout_resumed'] as const) {
      expect(call.send({ type, generation })).toEqual([]);
    }
    expect(call.send({ type: 'playout_finished', generation, heardMs: 3 })).toEqual([]);
    expect(call.send({ type: 'reply_failed', generation, error: trouble })).toEqual([]);
    expect(call.state.phase).toBe('hearing');
  });

  it('refuses a reply to an old turn, and any while the caller speaks', () => {
    const call = new CoreDriver().listening().says();
    call.starts();
    expect(call.send({ type: 'reply_begun', turn: 2 })).toEqual([]);
    expect(call.send({ type: 'reply_begun', turn: undefined })).toEqual([]);
    call.ends();
    expect(call.send({ type: 'reply_begun', turn: 1 })).toEqual([]);
    expect(names(call.send({ type: 'reply_begun', turn: 2 }))).toEqual(['begin_reply']);
  });
});

describe('replies', () => {
  it('puts a second reply in the place of the first; the turn is reported once', () => {
    const call = new CoreDriver().listening().says();
    call.answers();
    expect(names(call.send({ type: 'reply_begun', turn: 1 }))).toEqual(['robot_speaking', 'cut_reply', 'agent_state', 'begin_reply', 'publish reply_ended']);
    expect(call.reports).toEqual([]);
    expect(call.state.generation).toBe(2);
    call.send({ type: 'playout_started', generation: 2 });
    call.send({ type: 'playout_finished', generation: 2, heardMs: 900 });
    expect(call.reports).toMatchObject([{ turn: 1, end: 'answered', heardMs: 900 }]);
  });

  it('gives up a reply that never begins', () => {
    const call = new CoreDriver().listening().says();
    expect(names(call.expire())).toEqual(['report_error', 'publish error', 'report_turn', 'publish turn', 'agent_state']);
    expect(call.reports).toMatchObject([{ end: 'failed' }]);
    expect(call.state.phase).toBe('listening');
    expect(call.nowMs - BORN_MS).toBe(1000 + LIMITS.answerMs);
  });

  it('gives up a reply that starves for too long, and only then', () => {
    const call = new CoreDriver().listening().says();
    const generation = call.answers();
    call.send({ type: 'playout_starved', generation });
    call.after(LIMITS.replyGapMs - 1).send({ type: 'tick' });
    expect(call.state.phase).toBe('speaking');
    call.send({ type: 'playout_resumed', generation });
    expect(call.state.deadlineMs).toBeGreaterThan(call.nowMs + LIMITS.replyGapMs);
    call.send({ type: 'playout_starved', generation });
    expect(names(call.expire())).toContain('cut_reply');
    expect(call.reports).toMatchObject([{ end: 'failed' }]);
  });

  it('bounds one reply, however often it starves and goes on', () => {
    const call = new CoreDriver().listening().says();
    const generation = call.answers();
    const beganMs = call.nowMs;
    while (call.state.phase === 'speaking' && call.nowMs < beganMs + 10 * LIMITS.replyMs) {
      call.after(1000).send({ type: 'playout_starved', generation });
      call.after(1000).send({ type: 'playout_resumed', generation });
      call.send({ type: 'tick' });
    }
    expect(call.nowMs - beganMs).toBeLessThanOrEqual(LIMITS.replyMs + 2000);
  });

  it('takes a failed reply for a failed turn and goes on', () => {
    const call = new CoreDriver().listening().says();
    const generation = call.answers();
    expect(names(call.send({ type: 'reply_failed', generation, error: trouble }))).toEqual(
      ['report_error', 'publish error', 'robot_speaking', 'cut_reply', 'agent_state', 'publish reply_ended', 'report_turn', 'publish turn'],
    );
    expect(call.reports).toMatchObject([{ end: 'failed' }]);
    expect(call.commands.find((command) => command.type === 'report_error')).toMatchObject({ provider: 'orchestrator' });
  });

  it('leaves the caller alone when the orchestrator fails while he speaks', () => {
    const call = new CoreDriver().listening();
    call.starts();
    expect(names(call.send({ type: 'reply_failed', generation: undefined, error: trouble }))).toEqual(['report_error', 'publish error']);
    expect(call.state.phase).toBe('hearing');
  });

  it('does not call a reply without audio an answer', () => {
    const call = new CoreDriver().listening().says();
    call.send({ type: 'reply_begun', turn: 1 });
    const commands = names(call.send({ type: 'playout_finished', generation: 1, heardMs: 0 }));
    expect(commands).not.toContain('publish reply_ended');
    expect(commands).not.toContain('robot_speaking');
    expect(call.reports).toMatchObject([{ end: 'unanswered' }]);
  });

  it('keeps a turn open over a reply that is not meant for it', () => {
    const call = new CoreDriver().listening().says();
    const filler = call.answers(null);
    call.send({ type: 'playout_finished', generation: filler, heardMs: 300 });
    expect(call.reports).toEqual([]);
    const answer = call.answers(1);
    call.send({ type: 'playout_finished', generation: answer, heardMs: 500 });
    expect(call.reports).toMatchObject([{ turn: 1, end: 'answered', heardMs: 500 }]);
  });
});
