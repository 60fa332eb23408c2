import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatPart } from '../../../voice-node/domain/llm.js';
import { chosenIn } from '../../../voice-node/orchestrators/script/choice.js';
import { ScriptOrchestrator, type ScriptOptions, type Track } from '../../../voice-node/orchestrators/script/script.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { broken, hanging, ScriptedLlm, ScriptedStt, type ScriptedLlmOptions } from '../../support/scripted-providers.js';
import { FakeHost } from './fake-host.js';
import { shown } from './pipeline-rig.js';

const trackOf = (value: number, ms: number, text?: string): Track => ({ description: `Track ${value}`, text, audio: { samples: new Int16Array(48 * ms).fill(value), rateHz: 48_000 } });
const TRACKS = new Map<string, Track>([
  ['price', trackOf(1000, 2000, 'It costs ten dollars.')],
  ['hours', trackOf(2000, 3000)],
  ['sorry', trackOf(3000, 1000, 'I did not understand.')],
]);

function scriptRig(llmOptions: Partial<ScriptedLlmOptions>, options: Partial<ScriptOptions> = {}) {
  const clock = new VirtualClock();
  const stt = new ScriptedStt(clock, { script: (n) => ({ final: `question ${n}` }), finalMs: 100 });
  const llm = new ScriptedLlm(clock, { answer: () => 'price', firstMs: 50, ...llmOptions });
  const orchestrator = new ScriptOrchestrator({ stt, llm, tracks: TRACKS, fallbackTrack: 'sorry', prompt: 'Sell tea.', language: 'en-US', historyMessages: 20, speculate: false, ...options });
  const host = new FakeHost(clock).open(orchestrator);
  return { clock, stt, llm, host, playedValue: (): number | undefined => host.reply.pieces[0]?.[0] };
}

const choose = (args: string, name = 'play_recording'): ChatPart[] => [{ type: 'tool_call', id: 'c', name, arguments: args }];

describe('the script', () => {
  it('plays what the model names, and shows its words', async () => {
    const rig = scriptRig({ answer: () => choose('{"name":"price"}') });
    await rig.host.turn();
    await rig.host.wait(4000);
    expect(rig.host.whats).toEqual(['begin 1', 'final 1 question 0', 'understood', 'chosen', 'text It costs ten dollars.', 'audio', 'end']);
    expect(rig.host.reply.pieces).toHaveLength(1);
    expect(rig.host.reply.pieces[0]).toEqual(TRACKS.get('price')?.audio.samples);
    const [ask] = rig.llm.asked;
    expect(ask?.tools).toEqual(['play_recording']);
    expect(ask?.messages[0]?.content).toMatch(/^Sell tea\.[^]*- price: Track 1000 It says: "It costs ten dollars\."\n- hours: Track 2000\n- sorry/);
  });

  it.each([
    ['price', 1000],
    [' "hours". ', 2000],
    ['`price.wav`', 1000],
    ['PRICE', 1000],
    ['I choose price', 3000],
    ['price hours', 3000],
    ['', 3000],
    ['../../etc/passwd', 3000],
    ['constructor', 3000],
    ['__proto__', 3000],
    ['x'.repeat(5000), 3000],
  ])('understands %j in words, and nothing but names', async (answer, value) => {
    const rig = scriptRig({ answer: () => answer });
    await rig.host.turn();
    await rig.host.wait(200);
    expect(rig.playedValue()).toBe(value);
  });

  it.each([
    [choose('{"name":"hours"}'), 2000],
    [choose('{"name":"toString"}'), 3000],
    [choose('{"name":["price"]}'), 3000],
    [choose('{"name":'), 3000],
    [choose('["price"]'), 3000],
    [choose('{"name":"price"}', 'delete_everything'), 3000],
    [[...choose('{"name":"nothing"}'), ...choose('{"name":"price"}')], 1000],
    [[{ type: 'text', delta: 'I shall play it. ' } as const, ...choose('{"name":"price"}')], 1000],
  ])('takes the call %j', async (answer, value) => {
    const rig = scriptRig({ answer: () => answer });
    await rig.host.turn();
    await rig.host.wait(200);
    expect(rig.playedValue()).toBe(value);
  });

  it('can name nothing outside the set, whatever the model writes', async () => {
    const part = fc.oneof(
      fc.string().map((delta): ChatPart => ({ type: 'text', delta })),
      fc.constantFrom('price', 'hours', ' ', '"', '.wav', '../', '\0').map((delta): ChatPart => ({ type: 'text', delta })),
      fc.json().map((args): ChatPart => ({ type: 'tool_call', id: '', name: 'play_recording', arguments: args })),
      fc.string().map((name): ChatPart => ({ type: 'tool_call', id: '', name: 'play_recording', arguments: JSON.stringify({ name }) })),
      fc.constantFrom('price', 'valueOf', '__proto__', 'constructor').map((name): ChatPart => ({ type: 'tool_call', id: '', name: 'play_recording', arguments: `{"name":"${name}"}` })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const chosen = await chosenIn(
          (async function* () {
            yield* await Promise.resolve(parts);
          })(),
          TRACKS,
        );
        expect(chosen === undefined || [...TRACKS.keys()].includes(chosen)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('remembers what was played, and whether it was heard to its end', async () => {
    const rig = scriptRig({ answer: (_, n) => ['price', 'hours', 'price'][n] ?? '' });
    await rig.host.turn();
    await rig.host.wait(4000);
    await rig.host.turn();
    await rig.host.wait(150 + 1200);
    await rig.host.turn();
    await rig.host.wait(100 + 60);
    expect(shown(rig, 1)).toEqual(['u: question 0', 'a: price', 'u: question 1']);
    expect(shown(rig, 2)).toEqual(['u: question 0', 'a: price', 'u: question 1', 'a: hours', 'u: [The caller interrupted hours after 1.2 of 3.0 s.] question 2']);
    // Cut before anything of it was heard: as if it had never been chosen.
    rig.host.interrupt();
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 3).slice(-3)).toEqual(['u: question 1', 'a: hours', 'u: [The caller interrupted hours after 1.2 of 3.0 s.] question 2 question 3']);
  });

  it('does not wait for the rest of an answer that is a valid call', async () => {
    const rig = scriptRig({ answer: () => [...choose('{"name":"price"}'), { type: 'text', delta: 'and more' }], tokensPerSecond: 1 });
    await rig.host.turn();
    await rig.host.wait(160);
    expect(rig.playedValue()).toBe(1000);
    expect([rig.llm.open, rig.llm.aborted]).toEqual([0, 1]);
  });

  it('greets with its recording', async () => {
    const rig = scriptRig({}, { greeting: { text: 'Welcome.', audio: { samples: new Int16Array(48_000).fill(7), rateHz: 48_000 } } });
    await rig.host.wait(2000);
    expect(rig.host.whats).toEqual(['begin undefined', 'chosen', 'text Welcome.', 'audio', 'end']);
    await rig.host.turn();
    await rig.host.wait(200);
    expect(shown(rig, 0)).toEqual(['u: [The caller has been greeted.] question 0']);
  });

  it('apologises where the model cannot be asked, lets go of one that hangs', async () => {
    const failing = scriptRig({ fault: () => broken('first', 'provider_unavailable') });
    await failing.host.turn();
    await failing.host.wait(1000);
    expect(failing.host.reply.failure?.code).toBe('provider_unavailable');
    const hangs = scriptRig({ fault: () => hanging('end') });
    await hangs.host.turn();
    await hangs.host.wait(1000);
    hangs.host.hangUp();
    await hangs.host.wait(0);
    expect(hangs.llm.open + hangs.stt.open).toBe(0);
    expect(hangs.clock.pendingTimers).toBe(0);
  });

  it('refuses a fallback that there is not', () => {
    expect(() => scriptRig({}, { fallbackTrack: 'none' })).toThrow(/expected a recording named none as the fallback, got price, hours, sorry/);
  });
});
