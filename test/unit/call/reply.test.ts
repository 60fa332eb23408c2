import { describe, expect, it } from 'vitest';
import { LiveReply } from '../../../voice-node/call/reply.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { playerRig } from '../speaking/player-rig.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function replyRig(queueMs = 400) {
  const rig = playerRig({ queueMs });
  const said: string[] = [];
  const failures: VoiceNodeError[] = [];
  const stale = { ms: 0 };
  const reply = new LiveReply(1, 7, rig.player, {
    understood: (turn) => void said.push(`understood ${turn}`),
    chosen: (generation) => void said.push(`chosen ${generation}`),
    firstAudio: (generation) => void said.push(`audio ${generation}`),
    spoken: (_, text, final) => void said.push(`${final ? 'final' : 'text'} ${text}`),
    failed: (_, error) => void failures.push(error),
    stale: (ms) => void (stale.ms += ms),
  });
  rig.player.begin(1);
  return { ...rig, rig, reply, said, failures, stale };
}

describe('a reply on its way', () => {
  it('slows its maker down to the pace of speech', async () => {
    const { reply, rig } = replyRig();
    let taken = 0;
    const maker = (async () => {
      for (let i = 0; i < 20; i++) {
        expect(await reply.audio(new Int16Array(1600), 16_000)).toBe(true);
        taken += 100;
      }
      reply.end();
    })();
    for (let playedMs = 0; playedMs < 3000; playedMs += 20) {
      await settle();
      expect(taken).toBeLessThanOrEqual(playedMs + 20 + 400);
      rig.run(20);
      if (rig.counts.room > 0) {
        rig.counts.room = 0;
        reply.room();
      }
    }
    await maker;
    expect(taken).toBe(2000);
    expect(rig.said.at(-1)).toMatch(/^finished 1 200\d/);
  });

  it('plays what is handed in without waiting, in order', async () => {
    const { reply, rig } = replyRig(10_000);
    const results = [100, 200, 300].map((value) => reply.audio(new Int16Array(4800).fill(value), 48_000));
    reply.end();
    expect(await Promise.all(results)).toEqual([true, true, true]);
    await settle();
    rig.run(400);
    const out = rig.sent();
    expect([out[10], out[4790], out[4810], out[9610]]).toEqual([100, 100, 200, 300]);
    expect(rig.said.at(-1)).toBe('finished 1 300');
  });

  it('says each thing once, and nothing after its end', () => {
    const { reply, said } = replyRig();
    reply.understood();
    reply.chosen();
    reply.text('Good ');
    reply.text('');
    reply.text('day');
    void reply.audio(new Int16Array(0), 48_000);
    void reply.audio(new Int16Array(10), 48_000);
    void reply.audio(new Int16Array(10), 48_000);
    reply.end();
    reply.end();
    reply.text('more');
    reply.chosen();
    reply.understood();
    expect(reply.finish()).toBe('Good day');
    reply.finish();
    reply.played(1000);
    reply.stop();
    expect(said).toEqual(['understood 7', 'chosen 1', 'audio 1', 'final Good day']);
  });

  it('tells its words as they are spoken, and of a cut one those that were heard', () => {
    const { reply, said } = replyRig(2000);
    reply.text('Good day ');
    void reply.audio(new Int16Array(8000), 8000);
    reply.text('Sir');
    void reply.audio(new Int16Array(8000), 8000);
    reply.end();
    for (let ms = 0; ms <= 1900; ms += 20) reply.played(ms);
    expect(said).toEqual(['audio 1', 'text Good', 'text Good day']);
    expect(reply.cutAt(1910)).toBe('Good day');
    reply.played(2000);
    expect(said.slice(3)).toEqual(['final Good day']);
  });

  it('is stopped at once: whoever waits is told no, the signal is aborted, the rest is counted', async () => {
    const { reply, rig, stale } = replyRig(200);
    const first = reply.audio(new Int16Array(4800), 16_000);
    const second = reply.audio(new Int16Array(1600), 16_000);
    await settle();
    let aborted = 0;
    reply.signal.addEventListener('abort', () => aborted++);
    rig.player.cut();
    reply.stop();
    reply.stop();
    expect(await Promise.all([first, second])).toEqual([false, false]);
    expect(await reply.audio(new Int16Array(160), 16_000)).toBe(false);
    expect(aborted).toBe(1);
    // 300 ms, of which 200 went into the queue, then 100 and 10.
    expect(stale.ms).toBeCloseTo(210, 6);
  });

  it('fails where more than two minutes wait', async () => {
    const { reply, failures } = replyRig();
    const minute = new Int16Array(8000 * 60);
    for (let i = 0; i < 4; i++) void reply.audio(minute, 8000);
    await settle();
    expect(failures[0]?.code).toBe('answer_failed');
    expect(failures[0]?.message).toMatch(/at most 120000 ms.*await audio/);
    reply.stop();
  });

  it('fails with a rate that nobody knows, and rejects nothing', async () => {
    const { reply, failures } = replyRig();
    expect(await reply.audio(new Int16Array(100), 7)).toBe(false);
    expect(failures[0]?.code).toBe('audio_format');
  });

  it('may fail after its end while it plays, but not once it was stopped', () => {
    const { reply, failures } = replyRig();
    reply.end();
    reply.fail(new VoiceNodeError('answer_failed', 'late'));
    reply.stop();
    reply.fail(new VoiceNodeError('answer_failed', 'later'));
    expect(failures.map((failure) => failure.message)).toEqual(['late']);
  });
});
