import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CallEvent, CallCommand } from '../../../voice-node/call/events.js';
import { step } from '../../../voice-node/call/core.js';
import { FAREWELL_SLACK_MS } from '../../../voice-node/call/state.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { MARKS, type TurnReport } from '../../../voice-node/domain/events.js';
import { CALL_ENDS } from '../../../voice-node/domain/observer.js';
import { mediaMs, monotonicMs } from '../../../voice-node/domain/time.js';
import { CoreDriver, LIMITS } from './core-driver.js';

/**
 * A random walk: any event at any time, generations and turns near the real ones. After each step the invariants of
 * a call are checked; at the end deadlines alone must lead to `ended`.
 */
interface Move {
  readonly waitMs: number;
  readonly kind: number;
  readonly near: number;
  /** Whether the event is one of those that usually come in this phase. */
  readonly usual: boolean;
}

const KINDS = 27;
const at = mediaMs(0, 8000);
const PHRASES = { apology: 1500, back: 2000, goodbye: 2500 };

const USUAL: Readonly<Record<string, readonly number[]>> = {
  connecting: [0],
  waiting: [1, 1, 1, 24],
  listening: [4, 4, 4, 8],
  hearing: [5, 5, 5, 6, 7, 22, 23, 23],
  thinking: [7, 8, 8, 9, 10, 12, 12, 12, 16],
  speaking: [13, 13, 14, 15, 16, 16, 4, 4, 21, 23, 24],
  rejoining: [1, 2, 3, 25, 25],
  ended: [16],
};

function eventOf({ kind: any, near, usual }: Move, call: CoreDriver): CallEvent {
  const choice = USUAL[call.state.phase] as readonly number[];
  const kind = usual ? (choice[any % choice.length] as number) : any;
  const generation = Math.max(0, call.state.generation - near);
  const turn = Math.max(0, call.state.turn - near);
  const error = new VoiceNodeError('answer_failed', 'random');
  const events: readonly CallEvent[] = [
    { type: 'connected' },
    { type: 'caller_joined' },
    { type: 'caller_left', hungUp: near === 1 },
    { type: 'tick' },
    { type: 'speech_started', atMs: at, onsetMs: at, onsetArrivedMs: monotonicMs(call.nowMs - 40 * near), tentative: near !== 1 },
    { type: 'speech_ended', atMs: at, offsetMs: at, offsetArrivedMs: monotonicMs(call.nowMs - 500), utterance: { samples: new Int16Array(160), rateHz: 8000, startMs: at, preRollMs: 0 }, truncated: false },
    { type: 'speech_dropped', atMs: at, voicedMs: 20 },
    { type: 'understood', turn },
    { type: 'reply_begun', turn: near === 3 ? undefined : turn },
    { type: 'reply_chosen', generation },
    { type: 'reply_audio', generation },
    { type: 'reply_failed', generation: near === 3 ? undefined : generation, error },
    { type: 'playout_started', generation },
    { type: 'playout_audible', generation },
    { type: 'playout_starved', generation },
    { type: 'playout_resumed', generation },
    { type: 'playout_finished', generation, heardMs: 10 * near },
    { type: 'end_requested' },
    { type: 'line_ended', end: (['caller_left', 'no_media', 'room_closed', 'lost'] as const)[near] ?? 'lost' },
    { type: 'hang_up', end: CALL_ENDS[near] ?? 'shutdown' },
    { type: 'failed', error },
    { type: 'speech_suspected', atMs: at, onsetArrivedMs: monotonicMs(call.nowMs - 40 * near) },
    { type: 'speech_meant', atMs: at },
    { type: 'speech_dismissed', atMs: at, reason: (['noise', 'echo', 'backchannel', 'noise'] as const)[near] ?? 'noise' },
    { type: 'interrupted' },
    { type: 'restored' },
    { type: 'say_goodbye' },
  ];
  return events[kind] as CallEvent;
}

/** Ends are rare, so that walks are long. */
const kinds = fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 2, max: 16 }) }, { weight: 1, arbitrary: fc.integer({ min: 17, max: KINDS - 1 }) });
const moves = fc.array(
  fc.record({ waitMs: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 900 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 70_000 }) }), kind: kinds, near: fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 3), usual: fc.constantFrom(true, true, false) }),
  { minLength: 10, maxLength: 120, size: 'max' },
);

/** Whether the player could say this about its reply now: nothing is finished or audible before it has started. */
function possible(event: CallEvent, call: CoreDriver): boolean {
  const { reply } = call.state;
  if (reply === undefined || !('generation' in event) || reply.generation !== event.generation) return true;
  if (event.type === 'playout_started') return !reply.playing;
  // While it is held the player says nothing of it.
  if (call.state.held !== undefined && event.type.startsWith('playout_')) return false;
  return event.type === 'playout_finished' || !event.type.startsWith('playout_') || reply.playing;
}

function checkReport(report: TurnReport, reported: Set<number>): void {
  expect(reported.has(report.turn)).toBe(false);
  reported.add(report.turn);
  let before = -Infinity;
  for (const mark of MARKS) {
    const ms = report.marksMs[mark];
    if (ms === undefined) continue;
    expect(ms).toBeGreaterThanOrEqual(before);
    before = ms;
  }
  for (const ms of Object.values(report.stagesMs)) expect(ms).toBeGreaterThanOrEqual(0);
  expect(report.heardMs).toBeGreaterThanOrEqual(0);
}

class Watch {
  readonly reported = new Set<number>();
  /** Turns that reached t2, or were cut off before. */
  readonly owed = new Set<number>();
  #playing: number | undefined;
  #speaking = false;
  #held = false;
  #generation = 0;
  #closes = 0;
  #opened = 0;
  #farewellMs: number | undefined;

  commands(commands: readonly CallCommand[], wasEnded: boolean): void {
    // The good-bye is cut by the end alone.
    if (this.#farewellMs !== undefined && commands.some(({ type }) => type === 'cut_reply')) expect(CoreDriver.names(commands)).toContain('close');
    for (const command of commands) {
      if (wasEnded) expect(['report_turn', 'publish']).toContain(command.type);
      switch (command.type) {
        case 'begin_reply':
          expect(this.#playing).toBeUndefined();
          expect(command.generation).toBeGreaterThan(this.#generation);
          this.#generation = command.generation;
          this.#playing = command.generation;
          break;
        case 'cut_reply':
          expect(this.#playing).toBe(command.generation);
          this.#playing = undefined;
          this.#held = false;
          break;
        case 'say':
          expect(this.#playing).toBeUndefined();
          expect(command.generation).toBeGreaterThan(this.#generation);
          this.#generation = command.generation;
          this.#playing = command.generation;
          break;
        case 'finish_reply':
          expect(this.#playing).toBe(command.generation);
          this.#playing = undefined;
          this.#held = false;
          break;
        case 'open_conversation':
          expect(++this.#opened).toBe(1);
          break;
        case 'hold_reply':
          expect(command.on).toBe(!this.#held);
          this.#held = command.on;
          break;
        case 'robot_speaking':
          expect(command.on).toBe(!this.#speaking);
          this.#speaking = command.on;
          break;
        case 'tell_ended':
          this.owed.add(command.turn);
          break;
        case 'report_turn':
          checkReport(command.report, this.reported);
          break;
        case 'close':
          this.#closes++;
          expect(this.#playing).toBeUndefined();
          expect(this.#speaking).toBe(false);
          break;
        default:
      }
    }
  }

  state(call: CoreDriver): void {
    const { phase, reply, deadlineMs, lastMs, ending, held, hungUp } = call.state;
    expect(this.#closes).toBe(phase === 'ended' ? 1 : 0);
    if (phase === 'ended') return;
    expect(deadlineMs).toBeLessThanOrEqual(lastMs);
    expect(call.state.opened).toBe(this.#opened === 1);
    if (phase === 'rejoining') expect([reply, held, call.state.waiting, deadlineMs]).toEqual([undefined, undefined, undefined, lastMs]);
    if (hungUp) expect(phase).toBe('waiting');
    if (ending === 'shutdown') {
      this.#farewellMs ??= call.nowMs;
      if (phase !== 'listening') expect([reply?.phrase, deadlineMs <= this.#farewellMs + PHRASES.goodbye + FAREWELL_SLACK_MS]).toEqual(['goodbye', true]);
    }
    expect(reply !== undefined).toBe(this.#playing !== undefined);
    if (held !== undefined) expect(phase).toBe('hearing');
    const playing = phase === 'speaking' || held !== undefined;
    expect(playing).toBe(reply?.playing === true);
    if (reply !== undefined && held === undefined) expect(['thinking', 'speaking']).toContain(phase);
    expect(this.#speaking).toBe(playing);
    expect(this.#held).toBe(held !== undefined);
    if (ending && held === undefined) expect(['thinking', 'speaking', 'listening']).toContain(phase);
    expect(call.state.closing).toBeUndefined();
  }
}

const rules = fc.record({ interruptions: fc.constantFrom('immediate' as const, 'confirm' as const, 'off' as const), phrases: fc.constantFrom({}, { apology: 1500 }, PHRASES), resumed: fc.boolean() });

it('keeps its promises whatever happens, and always comes to an end', () => {
  let walked = 0;
  fc.assert(
    fc.property(moves, rules, (walk, chosen) => {
      const call = new CoreDriver({}, chosen);
      const watch = new Watch();
      for (const move of walk) {
        call.after(move.waitMs);
        const event = eventOf(move, call);
        if (!possible(event, call)) continue;
        const wasEnded = call.state.phase === 'ended';
        watch.commands(call.send(event), wasEnded);
        watch.state(call);
        walked++;
      }
      for (let i = 0; call.state.phase !== 'ended'; i++) {
        expect(i).toBeLessThan(LIMITS.callMs / 500 + 10);
        watch.commands(call.expire(), false);
        watch.state(call);
      }
      // Every utterance that was handed over has its report.
      for (const turn of watch.owed) expect(watch.reported.has(turn)).toBe(true);
    }),
    { numRuns: 300 },
  );
  // The walks are long enough to mean something.
  expect(walked).toBeGreaterThan(10_000);
});

it('reaches every phase and every kind of report in those walks', () => {
  const phases = new Set<string>();
  const ends = new Set<string>();
  const phrases = new Set<string>();
  let rejoins = 0;
  for (const walk of fc.sample(moves, { numRuns: 400, seed: 7 })) {
    const call = new CoreDriver({}, { interruptions: 'confirm', phrases: PHRASES });
    for (const move of walk) {
      call.after(move.waitMs);
      const event = eventOf(move, call);
      if (possible(event, call)) for (const command of call.send(event)) if (command.type === 'say') phrases.add(command.phrase);
      phases.add(call.state.held === undefined ? call.state.phase : 'held');
    }
    for (const report of call.reports) ends.add(report.end);
    rejoins = Math.max(rejoins, call.state.rejoins);
  }
  expect([...phases].sort()).toEqual(['connecting', 'ended', 'hearing', 'held', 'listening', 'rejoining', 'speaking', 'thinking', 'waiting']);
  expect([...ends].sort()).toEqual(['answered', 'failed', 'interrupted', 'unanswered']);
  expect([...phrases].sort()).toEqual(['apology', 'back', 'goodbye']);
  expect(rejoins).toBeGreaterThan(1);
});

it('changes nothing of the state it is given', () => {
  fc.assert(
    fc.property(moves, (walk) => {
      const call = new CoreDriver();
      for (const move of walk.slice(0, 30)) {
        call.after(move.waitMs);
        const before = call.state;
        const copy = structuredClone(before);
        step(before, eventOf(move, call), monotonicMs(call.nowMs));
        expect(before).toEqual(copy);
        call.send(eventOf(move, call));
      }
    }),
    { numRuns: 60 },
  );
});
