import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { CoreDriver } from './core-driver.js';

const names = CoreDriver.names;

describe('a robot that apologises', () => {
  const call = (): CoreDriver => new CoreDriver({}, { phrases: { apology: 1500 } }).listening();

  it('says its recorded sentence after a failed answer, and the turn carries the code', () => {
    const talk = call().says();
    talk.send({ type: 'reply_begun', turn: 1 });
    const { generation } = talk.state;
    const commands = talk.send({ type: 'reply_failed', generation, error: new VoiceNodeError('provider_gap_timeout', 'too slow') });
    expect(names(commands)).toEqual(['report_error', 'publish error', 'cut_reply', 'say', 'report_turn', 'publish turn']);
    expect(talk.reports.at(-1)).toMatchObject({ turn: 1, end: 'failed', error: 'provider_gap_timeout' });
    const apology = talk.state.generation;
    expect(apology).toBe(generation + 1);
    // Audio of the failed reply is dropped at the last gate from now on; the apology plays like any reply.
    expect(names(talk.send({ type: 'playout_started', generation }))).toEqual([]);
    expect(names(talk.send({ type: 'playout_started', generation: apology }))).toContain('publish reply_started');
    const finished = talk.send({ type: 'playout_finished', generation: apology, heardMs: 1500 });
    expect(finished).toContainEqual({ type: 'finish_reply', generation: apology, turn: undefined, heardMs: 1500, phrase: 'apology' });
    expect(talk.state.phase).toBe('listening');
  });

  it('says it where no answer ever began', () => {
    const talk = call().says();
    expect(names(talk.expire())).toEqual(['report_error', 'publish error', 'report_turn', 'publish turn', 'say']);
    expect(talk.reports.at(-1)).toMatchObject({ end: 'failed', error: 'answer_timeout' });
  });

  it('does not apologise for an apology', () => {
    const talk = call().says();
    talk.expire();
    expect(talk.state.reply?.phrase).toBe('apology');
    const commands = talk.expire();
    expect(names(commands)).not.toContain('say');
    expect(talk.state.phase).toBe('listening');
  });

  it('may be interrupted while it does, and the orchestrator hears nothing of it', () => {
    const talk = call().says();
    talk.expire();
    const { generation } = talk.state;
    talk.send({ type: 'playout_started', generation });
    const commands = talk.starts();
    expect(commands).toContainEqual(expect.objectContaining({ type: 'cut_reply', generation, phrase: 'apology' }));
    expect(talk.state.phase).toBe('hearing');
  });

  it('says it to its end, whatever its orchestrator does meanwhile', () => {
    const talk = call().says();
    talk.expire();
    const { generation } = talk.state;
    const error = new VoiceNodeError('answer_failed', 'once more');
    expect(names(talk.send({ type: 'reply_failed', generation: undefined, error }))).toEqual(['report_error', 'publish error']);
    talk.send({ type: 'playout_started', generation });
    talk.send({ type: 'reply_failed', generation: undefined, error });
    expect(talk.state).toMatchObject({ phase: 'speaking', reply: { generation } });
  });

  it('hangs up instead where it wanted to', () => {
    const talk = call().says();
    talk.send({ type: 'reply_begun', turn: 1 });
    talk.send({ type: 'end_requested' });
    talk.send({ type: 'reply_failed', generation: talk.state.generation, error: new VoiceNodeError('answer_failed', 'x') });
    expect(talk.end).toBe('robot_ended');
  });
});

describe('a robot that cannot be interrupted', () => {
  const call = (): CoreDriver => new CoreDriver({}, { interruptions: 'off' }).listening();

  it('speaks to its end, and what was said meanwhile is no turn', () => {
    const talk = call().says();
    const generation = talk.answers();
    expect(names(talk.after(200).starts())).toEqual([]);
    expect(names(talk.after(500).ends())).toEqual([]);
    expect(talk.state.phase).toBe('speaking');
    talk.send({ type: 'playout_finished', generation, heardMs: 900 });
    expect(talk.state).toMatchObject({ phase: 'listening', turn: 1 });
    expect(talk.reports.map((report) => report.end)).toEqual(['answered']);
  });

  it('gives the word to a caller who still speaks when it has finished', () => {
    const talk = call().says();
    const generation = talk.answers();
    talk.after(200).starts();
    const commands = talk.after(300).send({ type: 'playout_finished', generation, heardMs: 900 });
    expect(names(commands)).toContain('tell_started');
    expect(talk.state).toMatchObject({ phase: 'hearing', turn: 2 });
    expect(names(talk.after(500).ends())).toContain('tell_ended');
  });

  it('still takes what is added while it thinks', () => {
    const talk = call().says();
    talk.starts();
    expect(talk.state).toMatchObject({ phase: 'hearing', turn: 2 });
  });

  it('forgets a voice that was nothing', () => {
    const talk = call().says();
    const generation = talk.answers();
    talk.starts();
    talk.send({ type: 'speech_dropped', atMs: 0 as never, voicedMs: 20 });
    talk.send({ type: 'playout_finished', generation, heardMs: 900 });
    expect(talk.state).toMatchObject({ phase: 'listening', turn: 1 });
  });
});
