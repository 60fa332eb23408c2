import { describe, expect, it } from 'vitest';
import { FAREWELL_SLACK_MS, GOODBYE_MS } from '../../../voice-node/call/state.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { CALL_ENDS, type CallEnd } from '../../../voice-node/domain/observer.js';
import type { LineEnd } from '../../../voice-node/domain/transport.js';
import { BORN_MS, CoreDriver, LIMITS } from './core-driver.js';

const { names } = CoreDriver;
const trouble = new VoiceNodeError('answer_failed', 'no');

describe('the end of a call', () => {
  it('comes at once where nothing is being said', () => {
    const call = new CoreDriver().listening();
    expect(names(call.send({ type: 'end_requested' }))).toEqual(['close']);
    expect(call.end).toBe('robot_ended');
  });

  it('comes after the good-bye, and a little later, so that its last word arrives', () => {
    const call = new CoreDriver().listening().says();
    const generation = call.answers();
    call.send({ type: 'end_requested' });
    expect(call.send({ type: 'reply_begun', turn: 1 })).toEqual([]);
    call.send({ type: 'playout_finished', generation, heardMs: 900 });
    expect(call.end).toBeUndefined();
    call.send({ type: 'end_requested' });
    expect(call.end).toBeUndefined();
    const finishedMs = call.nowMs;
    call.expire();
    expect(call.nowMs - finishedMs).toBe(GOODBYE_MS);
    expect(call.end).toBe('robot_ended');
    expect(call.reports).toMatchObject([{ end: 'answered' }]);
  });

  it('comes when the good-bye is interrupted, fails, never begins, or nobody is left to hear it', () => {
    const ends: ((call: CoreDriver, generation: number) => void)[] = [
      (call) => call.starts(),
      (call, generation) => call.send({ type: 'reply_failed', generation, error: trouble }),
      (call) => call.expire(),
      (call) => call.send({ type: 'caller_left', hungUp: false }),
    ];
    for (const finish of ends) {
      const call = new CoreDriver().listening().says();
      const generation = call.answers();
      call.send({ type: 'end_requested' });
      finish(call, generation);
      expect(call.end).toBe('robot_ended');
      expect(call.state.phase).toBe('ended');
    }
    const silent = new CoreDriver().listening().says();
    silent.send({ type: 'reply_begun', turn: 1 });
    silent.send({ type: 'end_requested' });
    silent.expire();
    expect(silent.end).toBe('robot_ended');
  });

  it('says why: one end for each end of the line', () => {
    const expected: Readonly<Record<LineEnd, CallEnd>> = {
      caller_left: 'caller_left',
      removed: 'room_closed',
      room_closed: 'room_closed',
      superseded: 'superseded',
      lost: 'lost',
      closed_by_us: 'shutdown',
      no_media: 'no_media',
    };
    for (const [end, callEnd] of Object.entries(expected) as [LineEnd, CallEnd][]) {
      const call = new CoreDriver().listening();
      call.send({ type: 'line_ended', end });
      expect([end, call.end]).toEqual([end, callEnd]);
    }
  });

  it('takes a room that is closed after its caller left for his leaving', () => {
    const call = new CoreDriver().listening();
    call.send({ type: 'caller_left', hungUp: false });
    call.send({ type: 'line_ended', end: 'room_closed' });
    expect(call.end).toBe('caller_left');
  });

  it('comes by hanging up, with any reason, in any phase', () => {
    const phases: ((call: CoreDriver) => void)[] = [
      () => undefined,
      (call) => call.send({ type: 'connected' }),
      (call) => call.listening(),
      (call) => call.listening().starts(),
      (call) => call.listening().says(),
      (call) => call.listening().says().answers(),
      (call) => call.listening().send({ type: 'interrupted' }),
    ];
    for (const end of CALL_ENDS) {
      for (const reach of phases) {
        const call = new CoreDriver();
        reach(call);
        call.send({ type: 'hang_up', end });
        expect(call.end).toBe(end);
        expect(call.send({ type: 'hang_up', end: 'lost' })).toEqual([]);
      }
    }
  });

  it('comes when nobody comes, nobody comes back, nobody speaks, or it has lasted too long', () => {
    const never = new CoreDriver();
    expect(names(never.expire())).toEqual(['report_error', 'publish error', 'close']);
    expect(never.end).toBe('failed');
    const alone = new CoreDriver();
    alone.send({ type: 'connected' });
    alone.expire();
    expect(alone.end).toBe('no_caller');
    const left = new CoreDriver().listening();
    left.send({ type: 'caller_left', hungUp: false });
    left.expire();
    expect(left.end).toBe('caller_left');
    const idle = new CoreDriver().listening();
    idle.expire();
    expect(idle.end).toBe('idle');
    const long = new CoreDriver({ callMs: 10_000 }).listening().says();
    long.answers();
    long.expire();
    expect(long.end).toBe('too_long');
    expect(long.nowMs - BORN_MS).toBe(10_000);
  });

  it('lets a caller leave in the middle of everything, and come back', () => {
    const call = new CoreDriver().listening().says();
    call.answers();
    call.heardMs = 100;
    expect(names(call.send({ type: 'caller_left', hungUp: false }))).toEqual(['robot_speaking', 'cut_reply', 'reset_hearing', 'agent_state', 'publish reply_ended', 'report_turn', 'publish turn']);
    call.send({ type: 'caller_joined' });
    call.says();
    expect(call.state).toMatchObject({ phase: 'thinking', turn: 2 });
  });

  it('checks for audio while the caller speaks, as long as he does', () => {
    const call = new CoreDriver().listening();
    call.starts();
    for (let i = 0; i < 5; i++) expect(names(call.expire())).toEqual(['check_audio']);
    expect(call.state.phase).toBe('hearing');
  });

  it('does nothing before a deadline', () => {
    const call = new CoreDriver().listening();
    call.after(LIMITS.idleMs - 1);
    expect(call.send({ type: 'tick' })).toEqual([]);
  });
});

describe('the good-bye of the node', () => {
  const talk = (): CoreDriver => new CoreDriver({}, { phrases: { goodbye: 2500 } }).listening();

  it('that never begins, or stops in the middle, ends the call a little after its length', () => {
    for (const starts of [false, true]) {
      const call = talk();
      const askedMs = call.nowMs;
      call.send({ type: 'say_goodbye' });
      const { generation } = call.state;
      if (starts) call.after(20).send({ type: 'playout_started', generation });
      if (starts) call.after(1000).send({ type: 'playout_starved', generation });
      if (starts) call.after(1000).send({ type: 'playout_resumed', generation });
      const commands = names(call.expire());
      expect(commands.slice(0, 2)).toEqual(['report_error', 'publish error']);
      expect([call.end, call.nowMs - askedMs]).toEqual(['shutdown', 2500 + FAREWELL_SLACK_MS]);
      // Nobody else's fault.
      expect(call.commands.find(({ type }) => type === 'report_error')).toMatchObject({ provider: undefined });
    }
  });

  it('that fails ends the call at once; a failing orchestrator does not touch it', () => {
    const call = talk().says();
    call.answers();
    call.send({ type: 'say_goodbye' });
    expect(names(call.send({ type: 'reply_failed', generation: undefined, error: trouble }))).toEqual(['report_error', 'publish error']);
    expect(call.end).toBeUndefined();
    call.send({ type: 'reply_failed', generation: call.state.generation, error: trouble });
    expect(call.end).toBe('shutdown');
  });

  it('is left out where the robot has just said its own', () => {
    const call = talk().says();
    const generation = call.answers();
    call.send({ type: 'end_requested' });
    call.send({ type: 'playout_finished', generation, heardMs: 900 });
    expect(call.send({ type: 'say_goodbye' })).toEqual([]);
    call.expire();
    expect(call.end).toBe('robot_ended');
  });

  it('is for a held reply what it is for any: over', () => {
    const call = new CoreDriver({}, { interruptions: 'confirm', phrases: { goodbye: 2500 } }).listening().says();
    call.answers();
    call.starts(true);
    expect(call.state.held).toBeDefined();
    expect(names(call.send({ type: 'say_goodbye' }))).toEqual(expect.arrayContaining(['tell_dropped', 'cut_reply', 'say']));
    expect(call.state).toMatchObject({ phase: 'thinking', held: undefined, ending: 'shutdown' });
  });
});

describe('a line that is down', () => {
  it('ends a call that was about to end', () => {
    const call = new CoreDriver().listening().says();
    call.answers();
    call.send({ type: 'end_requested' });
    call.send({ type: 'interrupted' });
    expect(call.end).toBe('robot_ended');
  });

  it('takes the caller with it, even where the line has not said so', () => {
    const call = new CoreDriver().listening().says();
    call.answers();
    expect(names(call.send({ type: 'interrupted' })).slice(0, 3)).toEqual(['robot_speaking', 'cut_reply', 'reset_hearing']);
    expect(call.state).toMatchObject({ phase: 'rejoining', deadlineMs: BORN_MS + LIMITS.callMs });
    expect(call.send({ type: 'interrupted' })).toEqual([]);
  });

  it('hears of a caller who was there before it was up again', () => {
    const call = new CoreDriver().listening();
    call.send({ type: 'interrupted' });
    expect(call.send({ type: 'caller_joined' })).toEqual([]);
    expect(names(call.send({ type: 'restored' }))).toEqual(['agent_state']);
    expect(call.state).toMatchObject({ phase: 'listening', rejoins: 1, callerWaits: false });
    expect(call.send({ type: 'restored' })).toEqual([]);
    expect(call.state.rejoins).toBe(1);
  });
});
