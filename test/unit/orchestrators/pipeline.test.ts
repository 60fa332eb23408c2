import { describe, expect, it } from 'vitest';
import { pipelineRig, shown } from './pipeline-rig.js';

const LONG = 'This is the first sentence. Here you can hear the second one. And finally the third of them comes.';

describe('the pipeline', () => {
  it('writes down, thinks, speaks, in order and at once', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 200, text: 'what' }, { atMs: 400, text: 'what time' }], final: 'What time is it?' }) }, llm: { answer: () => LONG } });
    const { host } = rig;
    await host.hear(1000, 0);
    await host.turn();
    const t2 = host.clock.nowMs();
    await host.wait(20_000);
    expect(host.whats).toEqual([
      'partial 1 what',
      'partial 1 what time',
      'begin 1',
      'final 1 What time is it?',
      'understood',
      'chosen',
      'text This is the first sentence.',
      'audio',
      'text  ',
      'text Here you can hear the second one.',
      'text  ',
      'text And finally the third of them comes.',
      'text  ',
      'end',
    ]);
    expect(host.atMs('final 1 What time is it?')).toBe(t2 + 100);
    expect(host.atMs('chosen')).toBe(t2 + 150);
    expect(host.atMs('audio')).toBe(t2 + 200);
    // 600 ms of pre-roll and all that followed.
    expect(rig.stt.heard[0]).toBe(8 * (600 + 900));
    expect(shown(rig, 0)).toEqual(['u: What time is it?']);
    expect(rig.open).toBe(0);
    expect(host.clock.pendingTimers).toBe(0);
  });

  it('remembers what was said and heard', async () => {
    const rig = pipelineRig({ llm: { answer: (_, n) => `Answer **number** ${n}.` } });
    for (let i = 0; i < 3; i++) {
      await rig.host.turn();
      await rig.host.wait(5000);
    }
    expect(shown(rig, 2)).toEqual(['u: question 0', 'a: Answer number 0.', 'u: question 1', 'a: Answer number 1.', 'u: question 2']);
    expect(rig.llm.asked[2]?.messages[0]).toEqual({ role: 'system', content: 'You are a robot.' });
  });

  it('speaks before the second sentence exists: a model of 300 ms to the first token and 30 tokens a second', async () => {
    const rig = pipelineRig({ llm: { answer: () => LONG, firstMs: 300, tokensPerSecond: 30 }, tts: { firstMs: 150 } });
    await rig.host.turn();
    await rig.host.wait(15_000);
    const secondAt = rig.llm.wrote.find(({ part }) => part.type === 'text' && part.delta.endsWith('one.'))?.atMs ?? 0;
    expect(rig.host.reply.firstAudioMs).toBeLessThan(secondAt);
    // In one go: what is not there yet when it should be heard would be a gap.
    expect(rig.host.reply.heardMs).toBeGreaterThan(4000);
    expect(rig.tts.spoken.map(({ text }) => text)).toHaveLength(3);
  });

  it('synthesises ahead, but not far, and asks for the next piece only when the one before sounds', async () => {
    const answer = Array.from({ length: 12 }, (_, i) => `This is sentence number ${i} of the answer.`).join(' ');
    const rig = pipelineRig({ llm: { answer: () => answer }, tts: { firstMs: 100 } });
    await rig.host.turn();
    await rig.host.wait(400);
    // One is being played, two wait.
    expect(rig.tts.requests).toBe(3);
    expect(rig.tts.spoken.map(({ atMs }) => atMs - (rig.tts.spoken[0]?.atMs ?? 0))).toEqual([0, 100, 200]);
    await rig.host.wait(60_000);
    expect(rig.tts.requests).toBe(12);
    expect(rig.host.reply.ended).toBe(true);
  });

  it('skips the silence that a voice begins with, once', async () => {
    const rig = pipelineRig({ llm: { answer: () => 'This is one sentence here. This is another sentence.' }, tts: { silenceMs: 300, pieceMs: 40 } });
    await rig.host.turn();
    await rig.host.wait(10_000);
    const totalMs = rig.host.reply.audioMs.reduce((sum, ms) => sum + ms, 0);
    const wordsMs = 60 * ('This is one sentence here.'.length + 'This is another sentence.'.length);
    expect(totalMs).toBeCloseTo(wordsMs + 30 + 300, 0);
  });

  it('speaks a stream where the voice takes one: the first piece by itself, the rest in one', async () => {
    const rig = pipelineRig({ llm: { answer: () => LONG, tokensPerSecond: 50 }, tts: { takesStream: true } });
    await rig.host.turn();
    await rig.host.wait(20_000);
    expect(rig.tts.spoken.map(({ text }) => text)).toEqual(['This is the first sentence.', 'Here you can hear the second one. And finally the third of them comes. ']);
    expect(rig.host.whats.filter((what) => /^text .*\w/.test(what))).toHaveLength(3);
    expect(rig.host.reply.words.whole).toBe(LONG);
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 1).slice(0, 2)).toEqual(['u: question 0', `a: ${LONG}`]);
    rig.host.hangUp();
    await rig.host.wait(100);
    expect(rig.open).toBe(0);
  });

  it('never says of a stream that words were heard which were not', async () => {
    for (let cutMs = 300; cutMs < 7000; cutMs += 171) {
      const rig = pipelineRig({ llm: { answer: () => LONG }, tts: { takesStream: true } });
      await rig.host.turn();
      await rig.host.wait(200 + cutMs);
      rig.host.interrupt();
      await rig.host.wait(100);
      const { heardMs, words } = rig.host.reply;
      const truth = LONG.slice(0, Math.ceil(heardMs / 60) + 2);
      expect(truth).toContain(words.heard);
      // Nor that much less was heard.
      if (!rig.host.reply.isPlayed) expect(words.heard.length).toBeGreaterThan(0.6 * truth.length - 15);
      expect(rig.open).toBe(0);
    }
  });

  it('says nothing to nothing, and lets the call listen on', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ final: '  ' }) } });
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(rig.host.whats).toEqual(['begin 1', 'final 1 ', 'understood', 'end']);
    expect(rig.llm.requests).toBe(0);
  });

  it('greets in words or with a recording, and remembers that', async () => {
    const spoken = pipelineRig({ options: { greeting: { text: 'Good day. This is the robot.', audio: undefined } } });
    await spoken.host.wait(5000);
    expect(spoken.tts.spoken.map(({ text }) => text)).toEqual(['Good day. This is the robot.']);
    const played = pipelineRig({ options: { greeting: { text: 'Good day.', audio: { samples: new Int16Array(48_000).fill(900), rateHz: 48_000 } } } });
    await played.host.wait(5000);
    expect(played.tts.requests).toBe(0);
    expect(played.host.whats).toEqual(['begin undefined', 'chosen', 'text Good day.', 'audio', 'end']);
    await played.host.turn();
    await played.host.wait(1000);
    expect(shown(played, 0)).toEqual(['a: Good day.', 'u: question 0']);
  });

  it('keeps of a greeting what was heard', async () => {
    const rig = pipelineRig({ options: { greeting: { text: 'one two three four five six seven eight nine ten', audio: undefined } } });
    await rig.host.wait(50 + 1000);
    await rig.host.turn();
    await rig.host.wait(1000);
    // 1000 ms are 16 characters.
    expect(shown(rig, 0)).toEqual(['a: one two three', 'u: question 0']);
  });

  it('closes its providers', () => {
    const rig = pipelineRig();
    rig.orchestrator.close?.();
    expect([rig.stt.closed, rig.llm.closed, rig.tts.closed]).toEqual([true, true, true]);
  });

  it('logs nothing of what was said', async () => {
    const rig = pipelineRig({ llm: { answer: () => 'Secret words.', fault: (n) => (n === 1 ? { at: 'middle', error: 'hang' } : undefined) } });
    await rig.host.turn();
    await rig.host.wait(3000);
    await rig.host.turn();
    rig.host.hangUp();
    await rig.host.wait(3000);
    expect(JSON.stringify(rig.host.log.lines.filter(({ level }) => level !== 'debug'))).not.toMatch(/question|Secret|robot/);
  });
});
