import { describe, expect, it } from 'vitest';
import { MAX_SAID_CHARACTERS } from '../../../voice-node/domain/journal.js';
import type { ConversationHost } from '../../../voice-node/domain/orchestrator.js';
import type { MonotonicMs } from '../../../voice-node/domain/time.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { orchestratorOf, ready, rigOf, type Rig, type RigOptions } from './rig.js';

const WORDS = 'one two three four five six seven eight nine ten';
const PHRASE = { text: 'A recorded phrase.', audio: { samples: new Int16Array(4000).fill(2500), rateHz: 16_000 } };

/** A robot that answers `ask 1`, `ask 2`, ... with ten words in five seconds. */
async function talk(options: RigOptions = {}, asked: (turn: number) => string = (turn) => `ask ${turn}`): Promise<{ rig: Rig; host: ConversationHost }> {
  const hosts: ConversationHost[] = [];
  const orchestrator = orchestratorOf((host) => {
    hosts.push(host);
    return {
      speechEnded(turn) {
        const reply = host.beginReply(turn);
        host.transcript(turn, 'as', false);
        host.transcript(turn, asked(turn), true);
        reply.text(WORDS);
        void reply.audio(new Int16Array(40_000).fill(3000), 8000).then(() => reply.end());
      },
    };
  });
  const rig = await ready(rigOf(orchestrator, options));
  return { rig, host: hosts[0] as ConversationHost };
}

async function ask(rig: Rig, thenMs: number): Promise<void> {
  await rig.speak(600, 8000);
  await rig.speak(thenMs, 0);
}

describe('what is kept of what was said', () => {
  it('is the caller as he was understood and the robot as far as it was heard, in order', async () => {
    const { rig } = await talk();
    await ask(rig, 7000);
    await ask(rig, 3200);
    await ask(rig, 7000);
    const cut = rig.said[3]?.text ?? '';
    expect(rig.said).toEqual([
      { by: 'caller', text: 'ask 1' },
      { by: 'robot', text: WORDS },
      { by: 'caller', text: 'ask 2' },
      { by: 'robot', text: cut },
      { by: 'caller', text: 'ask 3' },
      { by: 'robot', text: WORDS },
    ]);
    // About half of it was heard, and no half words.
    expect(WORDS.startsWith(`${cut} `)).toBe(true);
    expect(cut.split(' ').length).toBeGreaterThan(2);
    expect(cut.split(' ').length).toBeLessThan(9);
  });

  it('holds what the caller had heard when he left, and when the call ended', async () => {
    for (const end of [(rig: Rig) => rig.line.leave(), (rig: Rig) => rig.line.interrupt(), (rig: Rig) => rig.call.hangUp('shutdown')]) {
      const { rig, host } = await talk();
      await ask(rig, 3200);
      end(rig);
      expect(rig.said).toHaveLength(2);
      expect(WORDS.startsWith(rig.said[1]?.text ?? '?')).toBe(true);
      await rig.over();
      host.transcript(1, 'too late', true);
      expect(rig.said).toHaveLength(2);
    }
  });

  it('is nothing where nothing was said or heard, and has no blanks around it', async () => {
    const { rig, host } = await talk({}, (turn) => (turn === 1 ? '  ' : ' \n yes '));
    await ask(rig, 700);
    // Cut before the first word.
    await ask(rig, 7000);
    host.transcript(2, '', true);
    expect(rig.said).toEqual([
      { by: 'caller', text: 'yes' },
      { by: 'robot', text: WORDS },
    ]);
  });

  it('is bounded, and cuts no character in two', async () => {
    const half = 'x'.repeat(MAX_SAID_CHARACTERS - 1);
    const { rig, host } = await talk();
    for (const text of [`${half}yz`, `${half}😀z`, `${half.slice(1)}😀z`]) host.transcript(1, text, true);
    expect(rig.said.map(({ text }) => [text.length, text.slice(-2)])).toEqual([
      [MAX_SAID_CHARACTERS, 'xy'],
      [MAX_SAID_CHARACTERS - 1, 'xx'],
      [MAX_SAID_CHARACTERS, '😀'],
    ]);
  });

  it('has none of the recorded phrases', async () => {
    const phrases = { apology: PHRASE, back: PHRASE, goodbye: PHRASE };
    const rig = await ready(rigOf(orchestratorOf((host) => ({ speechEnded: (turn) => host.beginReply(turn).fail(new VoiceNodeError('answer_failed', 'no')) })), { options: { phrases, past: [] } }));
    await rig.speak(1000, 0);
    await ask(rig, 2000);
    rig.call.sayGoodbye();
    await rig.speak(2000, 0);
    const shown = rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));
    expect([shown, await rig.over()]).toEqual([[PHRASE.text, PHRASE.text, PHRASE.text], 'shutdown']);
    expect(rig.said).toEqual([]);
  });

  it('may be lost by whoever keeps it: the call does not notice, and the log tells once', async () => {
    const journal = {
      said: (): never => {
        throw new Error('the disk is full');
      },
    };
    const { rig } = await talk({ journal });
    await ask(rig, 7000);
    await ask(rig, 7000);
    expect(rig.meter.turns.map(({ end }) => end)).toEqual(['answered', 'answered']);
    expect([rig.call.phase, rig.meter.errors, rig.log.at('warn'), rig.log.at('error')]).toEqual(['listening', [], ['what was said could not be kept'], []]);
  });
});

/** A process that stands still for a while: time goes on, and every timer comes late. */
class StallingClock extends VirtualClock {
  #stalledMs = 0;
  override nowMs(): MonotonicMs {
    return monotonicMs(super.nowMs() + this.#stalledMs);
  }
  override at(atMs: MonotonicMs, task: () => void): ReturnType<VirtualClock['at']> {
    return super.at(monotonicMs(atMs - this.#stalledMs), task);
  }
  override advanceTo(toMs: number): Promise<void> {
    return super.advanceTo(toMs - this.#stalledMs);
  }
  stall(ms: number): void {
    this.#stalledMs += ms;
  }
}

describe('the view of a call', () => {
  it('tells where it stands', async () => {
    const rig = rigOf(new EchoOrchestrator());
    expect(rig.call.view()).toEqual({ callId: 'call-1', room: 'memory', robot: 'echo', phase: 'connecting', turns: 0, lateTicks: 0, ticks: 0, rejoins: 0 });
    await ready(rig);
    await rig.speak(600, 8000);
    expect(rig.call.view()).toMatchObject({ phase: 'hearing', turns: 1 });
    rig.call.hangUp('hung_up');
    expect(rig.call.view().phase).toBe('ended');
    expect(await rig.over()).toBe('hung_up');
  });

  it('tells how long the caller waits for an answer: last and at worst, from the end of his voice on', async () => {
    let delayMs = 900;
    const rig = await ready(
      rigOf(
        orchestratorOf((host) => ({
          speechEnded(turn) {
            const reply = host.beginReply(turn);
            host.clock.at(monotonicMs(host.clock.nowMs() + delayMs), () => {
              void reply.audio(new Int16Array(1600).fill(3000), 8000);
              reply.end();
            });
          },
        })),
      ),
    );
    const seen: (number | undefined)[] = [];
    for (delayMs of [900, 100]) {
      await ask(rig, 3000);
      seen.push(rig.call.view().responseMs);
      const { endpointing = NaN, response = NaN } = rig.meter.turns.at(-1)?.stagesMs ?? {};
      expect(seen.at(-1)).toBeCloseTo(endpointing + response, 5);
      expect(response).toBeGreaterThanOrEqual(delayMs);
    }
    expect(rig.call.view()).toMatchObject({ responseMs: seen[1], slowestResponseMs: seen[0] });
    expect((seen[0] as number) - (seen[1] as number)).toBeCloseTo(800, -2);
    expect(rig.call.view().bargeInMs).toBeUndefined();
    // An interruption before the answer leaves the figures as they are.
    delayMs = 50;
    await ask(rig, 650);
    await rig.speak(300, 8000);
    expect(rig.call.view().bargeInMs).toBe(rig.meter.bargeIns[0]);
  });

  it('counts the ticks of the playout, and those that were late', async () => {
    const clock = new StallingClock();
    const rig = await ready(rigOf(new EchoOrchestrator(), { clock }));
    await rig.speak(1000, 0);
    expect(rig.call.view()).toMatchObject({ ticks: 51, lateTicks: 0 });
    for (const ms of [15, 45, 5000]) {
      clock.stall(ms);
      await rig.speak(500, 0);
    }
    expect(rig.call.view().lateTicks).toBe(2);
    expect(rig.call.view().lateTicks).toBe(rig.meter.late);
    expect(rig.call.view().ticks).toBeGreaterThan(51 + 3 * 24);
    expect(rig.call.view().ticks).toBeLessThan(51 + 3 * 26);
    rig.call.hangUp('shutdown');
    await rig.over();
    const { ticks } = rig.call.view();
    await clock.advanceTo(clock.nowMs() + 1000);
    expect(rig.call.view().ticks).toBe(ticks);
  });
});
