import { describe, expect, it } from 'vitest';
import { broken } from '../../support/scripted-providers.js';
import { pipelineRig, shown, type PipelineRig } from './pipeline-rig.js';

const options = { speculate: true };

/** 600 ms of speech, 500 of silence; returns t2. */
async function say(rig: PipelineRig): Promise<number> {
  rig.host.start();
  await rig.host.hear(600, 8000);
  await rig.host.hear(500, 0);
  rig.host.end();
  return rig.host.clock.nowMs();
}

describe('an early start of the model', () => {
  it('gains the time in which the caller falls silent, and is used if that was all he said', async () => {
    const times: number[] = [];
    for (const speculate of [false, true]) {
      const rig = pipelineRig({
        stt: { script: () => ({ partials: [{ atMs: 700, text: 'what is the time' }], final: 'What is the time?' }), finalMs: 100 },
        llm: { firstMs: 250 },
        options: { speculate },
      });
      const t2 = await say(rig);
      await rig.host.wait(3000);
      times.push((rig.host.reply.firstAudioMs ?? 0) - t2);
      expect(rig.llm.requests).toBe(1);
      expect(shown(rig, 0)[0]?.toLowerCase()).toMatch(/^u: what is the time/);
      expect(rig.host.whats).toEqual(['partial 1 what is the time', 'begin 1', 'final 1 What is the time?', 'understood', 'chosen', 'text Fine.', 'audio', 'text  ', 'end']);
      expect(rig.open).toBe(0);
    }
    // The final comes 100 ms after t2; the model's 250 ms are over by then.
    expect(times).toEqual([100 + 250 + 50, 100 + 50]);
  });

  it('says nothing before it is certain what was said, and synthesises nothing', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 500, text: 'hello' }], final: 'hello' }), finalMs: 3000 }, options });
    await say(rig);
    await rig.host.wait(2500);
    expect(rig.llm.requests).toBe(1);
    expect(rig.tts.requests).toBe(0);
    expect(rig.host.whats).toEqual(['partial 1 hello', 'begin 1']);
  });

  it('is given up where he said more, and asked again', async () => {
    const rig = pipelineRig({
      stt: { script: () => ({ partials: [{ atMs: 600, text: 'book a table' }], final: 'book a table for two' }) },
      llm: { answer: (messages) => `You said: ${messages.at(-1)?.content ?? ''}.`, firstMs: 500 },
      options,
    });
    await say(rig);
    await rig.host.wait(4000);
    expect(rig.llm.requests).toBe(2);
    expect(rig.llm.aborted).toBe(1);
    expect(rig.host.reply.words.whole).toBe('You said: book a table for two.');
    expect(rig.open).toBe(0);
  });

  it('is given up as soon as the transcript goes on', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 300, text: 'book' }, { atMs: 900, text: 'book it' }], final: 'book it' }) }, llm: { firstMs: 5000 }, options });
    rig.host.start();
    await rig.host.hear(400, 8000);
    await rig.host.hear(300, 0);
    expect(rig.llm.open).toBe(1);
    await rig.host.hear(240, 8000);
    expect([rig.llm.open, rig.llm.aborted]).toEqual([0, 1]);
    rig.host.hangUp();
    await rig.host.wait(0);
    expect(rig.open).toBe(0);
  });

  it('does not begin while he speaks, however long the transcript stays the same', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 100, text: 'book' }], final: 'book it' }) }, options });
    rig.host.start();
    await rig.host.hear(2000, 8000);
    expect(rig.llm.requests).toBe(0);
  });

  it('is tried a few times at most, and once more at the end', async () => {
    const partials = Array.from({ length: 8 }, (_, i) => ({ atMs: 350 + 700 * i, text: `word ${i}` }));
    const rig = pipelineRig({ stt: { script: () => ({ partials, final: 'all' }) }, llm: { firstMs: 10_000 }, options });
    rig.host.start();
    for (let i = 0; i < 8; i++) {
      await rig.host.hear(300, 8000);
      await rig.host.hear(400, 0);
    }
    expect(rig.llm.requests).toBe(3);
    rig.host.end();
    await rig.host.wait(50);
    expect(rig.llm.requests).toBe(4);
    await rig.host.wait(200);
    expect(rig.llm.requests).toBe(5);
    expect(rig.llm.open).toBe(1);
  });

  it('is begun anew where it failed before it was needed', async () => {
    const rig = pipelineRig({ stt: { script: () => ({ partials: [{ atMs: 500, text: 'hello' }], final: 'hello' }), finalMs: 300 }, llm: { fault: (n) => (n === 0 ? broken('first') : undefined) }, options });
    await say(rig);
    await rig.host.wait(3000);
    expect(rig.llm.requests).toBe(2);
    expect(rig.host.reply).toMatchObject({ ended: true, failure: undefined });
  });

  it('runs no tool before it is certain', async () => {
    const run: string[] = [];
    const rig = pipelineRig({
      stt: { script: () => ({ partials: [{ atMs: 500, text: 'cancel' }], final: 'cancel nothing' }), finalMs: 500 },
      llm: { answer: (messages) => (messages.at(-1)?.content === 'cancel' ? [{ type: 'tool_call', id: '1', name: 'cancel', arguments: '{}' }] : 'As you like.') },
      options: { speculate: true, tools: { specs: [], run: (name) => Promise.resolve(run.push(name).toString()) } },
    });
    await say(rig);
    await rig.host.wait(5000);
    expect(run).toEqual([]);
    expect(rig.host.reply.words.whole).toBe('As you like.');
  });

  it('counts what the caller said before, where that was not answered yet', async () => {
    const rig = pipelineRig({ stt: { script: (n) => ({ partials: [{ atMs: 500, text: `part ${n}` }], final: `part ${n}` }) }, llm: { firstMs: 500 }, options });
    await say(rig);
    await rig.host.wait(150);
    await say(rig);
    await rig.host.wait(3000);
    expect(shown(rig, -1)).toEqual(['u: part 0 part 1']);
    expect(rig.llm.requests).toBe(2);
    expect(rig.open).toBe(0);
  });
});
