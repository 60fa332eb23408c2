import { describe, expect, it } from 'vitest';
import { broken, hanging } from '../../support/scripted-providers.js';
import { pipelineRig, shown } from './pipeline-rig.js';

const COUNT = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen';

describe('an interrupted pipeline', () => {
  it('stops everything at once and remembers the words that were heard', async () => {
    const rig = pipelineRig({ llm: { answer: (_, n) => (n === 0 ? `${COUNT}. ${COUNT}! ${COUNT}.` : 'Fine.'), tokensPerSecond: 20 }, tts: { pace: 2 } });
    await rig.host.turn();
    while (rig.host.reply.firstAudioMs === undefined) await rig.host.wait(20);
    // 1260 ms are 21 characters; but how long the piece will be is not known yet, so that it is taken to be slow.
    await rig.host.wait(60 * 21);
    expect(rig.open).toBe(2);
    rig.host.start();
    await rig.host.wait(0);
    expect(rig.llm.open + rig.tts.open).toBe(0);
    await rig.host.hear(400, 8000);
    rig.host.end();
    await rig.host.wait(4000);
    expect(shown(rig, 1)).toEqual(['u: question 0', 'a: one two three', 'u: question 1']);
    expect(rig.open).toBe(0);
    expect(rig.host.clock.pendingTimers).toBe(0);
  });

  it('answers both halves of a question, where the caller went on before he heard anything', async () => {
    for (const afterMs of [20, 120, 170]) {
      const rig = pipelineRig({ llm: { tokensPerSecond: 10 } });
      await rig.host.turn();
      await rig.host.wait(afterMs);
      await rig.host.turn();
      await rig.host.wait(5000);
      expect(shown(rig, -1)).toEqual(['u: question 0 question 1']);
      expect(rig.host.whats.filter((what) => what.startsWith('final'))).toEqual(['final 1 question 0', 'final 2 question 1']);
      expect(rig.host.reply.ended).toBe(true);
      expect(rig.open).toBe(0);
    }
  });

  it('takes the partial transcript where the first half was never finished', async () => {
    const stt = { script: (n: number) => ({ partials: [{ atMs: 300, text: `part ${n}` }], final: `question ${n}` }) };
    const rig = pipelineRig({ stt: { ...stt, fault: (n) => (n === 0 ? hanging('end') : undefined) } });
    await rig.host.turn();
    await rig.host.wait(500);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(shown(rig, -1)).toEqual(['u: part 0 question 1']);
    rig.host.hangUp();
    await rig.host.wait(0);
    expect(rig.open).toBe(0);
  });

  it('is not put off by a cough: the question is answered after it', async () => {
    for (const afterMs of [20, 120]) {
      const rig = pipelineRig();
      await rig.host.turn();
      await rig.host.wait(afterMs);
      rig.host.start();
      await rig.host.hear(60, 8000);
      rig.host.drop();
      await rig.host.wait(3000);
      expect(rig.host.whats.slice(-6)).toEqual(['understood', 'chosen', 'text Fine.', 'audio', 'text  ', 'end']);
      expect(shown(rig, -1)).toEqual(['u: question 0']);
      await rig.host.turn();
      await rig.host.wait(200);
      expect(shown(rig, -1)).toEqual(['u: question 0', 'a: Fine.', 'u: question 2']);
      rig.host.hangUp();
      await rig.host.wait(0);
      expect(rig.open).toBe(0);
    }
  });

  it('nor by a noise in which nothing was said', async () => {
    const rig = pipelineRig({ stt: { script: (n) => ({ final: n === 1 ? '' : `question ${n}` }) } });
    await rig.host.turn();
    await rig.host.wait(120);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(shown(rig, -1)).toEqual(['u: question 0']);
    expect(rig.host.reply).toMatchObject({ turn: 2, ended: true });
  });

  it('but says nothing to noises after an answer that was heard', async () => {
    const rig = pipelineRig({ stt: { script: (n) => ({ final: n === 0 ? 'question' : '' }) } });
    await rig.host.turn();
    await rig.host.wait(3000);
    rig.host.start();
    rig.host.drop();
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(rig.llm.requests).toBe(1);
    expect(rig.host.whats.slice(-4)).toEqual(['begin 3', 'final 3 ', 'understood', 'end']);
  });

  it('forgets what began as speech and was none', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 50, text: 'uh' }], final: 'uh' }) } });
    rig.host.start();
    await rig.host.hear(100, 8000);
    rig.host.drop();
    await rig.host.wait(100);
    expect(rig.host.whats).toEqual(['partial 1 uh', 'final 1 ']);
    expect(rig.open).toBe(0);
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 0)).toEqual(['u: uh']);
  });

  it('leaves nothing behind where the caller hangs up, whenever that is', async () => {
    for (let afterMs = 0; afterMs < 1500; afterMs += 70) {
      const rig = pipelineRig({ stt: { connectMs: 50 }, llm: { answer: () => COUNT, connectMs: 50, tokensPerSecond: 10 }, tts: { connectMs: 50, pace: 1.5 }, options: { speculate: true } });
      void rig.host.turn().then(() => rig.host.wait(afterMs));
      await rig.host.clock.advanceTo(rig.host.clock.nowMs() + 900 + afterMs);
      rig.host.hangUp();
      await rig.host.clock.advanceTo(rig.host.clock.nowMs());
      expect(rig.open).toBe(0);
    }
  });

  it('writes down an utterance whose beginning it did not hear', async () => {
    const rig = pipelineRig();
    rig.host.start();
    await rig.host.hear(200, 8000);
    rig.host.end(8000 * 4);
    await rig.host.wait(2000);
    expect(rig.stt.heard[1]).toBe(8000 * 4);
    expect(shown(rig, 0)).toEqual(['u: question 1']);
    expect(rig.open).toBe(0);
  });
});

describe('a pipeline whose provider fails', () => {
  const partials = { script: () => ({ partials: [{ atMs: 100, text: 'a question' }], final: 'a question' }) };

  it.each(['connect', 'first', 'middle', 'end'] as const)('apologises where recognition fails at %s, and goes on', async (at) => {
    const rig = pipelineRig({ stt: { ...partials, fault: (n) => (n === 0 ? broken(at, 'provider_unavailable') : undefined) } });
    await rig.host.turn();
    await rig.host.wait(500);
    expect(rig.host.whats.slice(-2)).toEqual(['begin 1', 'fail provider_unavailable']);
    expect(rig.llm.requests).toBe(0);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(shown(rig, 0)).toEqual(['u: a question']);
    expect(rig.host.reply.ended).toBe(true);
    expect(rig.open).toBe(0);
  });

  it.each(['connect', 'first'] as const)('where the model fails at %s', async (at) => {
    const rig = pipelineRig({ llm: { fault: (n) => (n === 0 ? broken(at, 'provider_first_timeout') : undefined) } });
    await rig.host.turn();
    await rig.host.wait(500);
    expect(rig.host.reply.failure?.code).toBe('provider_first_timeout');
    await rig.host.turn();
    await rig.host.wait(3000);
    // Whoever was apologised to may have said it again, or not.
    expect(shown(rig, 1)).toEqual(['u: question 0 question 1']);
    expect(rig.open).toBe(0);
  });

  it.each(['middle', 'end'] as const)('where the model fails at %s: what was said before is heard to its end', async (at) => {
    const answer = 'The first sentence is complete. The second one never comes to its end';
    const rig = pipelineRig({ llm: { answer: () => answer, tokensPerSecond: 50, fault: (n) => (n === 0 ? broken(at) : undefined) } });
    await rig.host.turn();
    await rig.host.wait(5000);
    const { failure, words, heardMs } = rig.host.reply;
    expect(failure?.code).toBe('provider_broken');
    expect(words.whole).toBe('The first sentence is complete.');
    expect(heardMs).toBeCloseTo(31 * 60, 0);
    expect(rig.host.atMs('fail provider_broken') - rig.host.atMs('audio')).toBeCloseTo(31 * 60, 0);
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 1)).toEqual(['u: question 0', 'a: The first sentence is complete.', 'u: question 1']);
  });

  it.each(['connect', 'first', 'middle', 'end'] as const)('where the voice fails at %s', async (at) => {
    const rig = pipelineRig({ llm: { answer: () => `${COUNT}. ${COUNT}. ${COUNT}.`, tokensPerSecond: 20 }, tts: { fault: (n) => (n === 0 ? broken(at, 'provider_gap_timeout') : undefined) } });
    await rig.host.turn();
    await rig.host.wait(20_000);
    expect(rig.host.reply.failure?.code).toBe('provider_gap_timeout');
    expect(rig.host.reply.ended).toBe(false);
    expect(rig.open).toBe(0);
    await rig.host.turn();
    await rig.host.wait(200);
    const [first, second] = shown(rig, 1);
    expect(first).toMatch(/^u: question 0/);
    if (at === 'middle') expect(second).toMatch(/^a: one two three/);
    rig.host.hangUp();
    await rig.host.wait(0);
    expect(rig.open).toBe(0);
    expect(rig.host.clock.pendingTimers).toBe(0);
  });

  it('in a later piece: those before it are heard', async () => {
    const rig = pipelineRig({ llm: { answer: () => 'Here is the first sentence. Here is the second sentence. And here the third.' }, tts: { fault: (n) => (n === 1 ? broken('connect') : undefined) } });
    await rig.host.turn();
    await rig.host.wait(10_000);
    expect(rig.host.reply.words.whole).toBe('Here is the first sentence.');
    expect(rig.host.atMs('fail provider_broken') - rig.host.atMs('audio')).toBeCloseTo(27 * 60, 0);
    expect(rig.open).toBe(0);
  });

  it('lets go of a provider that hangs, as soon as nobody waits any more', async () => {
    for (const what of ['stt', 'llm', 'tts'] as const) {
      for (const at of ['connect', 'first', 'middle', 'end'] as const) {
        const rig = pipelineRig({ llm: { answer: () => 'This is fine.' }, [what]: { fault: () => hanging(at), ...(what === 'stt' ? partials : { answer: () => 'This is fine.' }) } });
        await rig.host.turn();
        await rig.host.wait(8000);
        expect(rig.open).toBe(1);
        rig.host.hangUp();
        await rig.host.wait(0);
        expect(rig.open).toBe(0);
        expect(rig.host.clock.pendingTimers).toBe(0);
      }
    }
  });

  it('in the greeting', async () => {
    const rig = pipelineRig({ options: { greeting: { text: 'Hello.', audio: undefined } }, tts: { fault: (n) => (n === 0 ? broken('first', 'provider_auth') : undefined) } });
    await rig.host.wait(1000);
    expect(rig.host.whats).toEqual(['begin undefined', 'chosen', 'fail provider_auth']);
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 0)).toEqual(['u: question 0']);
  });
});
