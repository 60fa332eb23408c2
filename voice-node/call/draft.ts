import type { ErrorCode, VoiceNodeError } from '../domain/errors.js';
import type { AgentState, TurnEnd } from '../domain/events.js';
import type { CallEnd, ProviderKind } from '../domain/observer.js';
import type { InterruptionDecision } from '../domain/speech.js';
import { monotonicMs, type MonotonicMs } from '../domain/time.js';
import type { CallCommand } from './events.js';
import { HEARING_CHECK_MS, type CallLimits, type CallState, type Phase } from './state.js';
import { reportTurn, round, type Timeline } from './timeline.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const AGENT_STATE: Readonly<Record<Phase, AgentState>> = {
  connecting: 'initializing',
  waiting: 'initializing',
  listening: 'listening',
  hearing: 'listening',
  thinking: 'thinking',
  speaking: 'speaking',
  rejoining: 'initializing',
  ended: 'initializing',
};

function phaseLimitMs(phase: Phase, limits: CallLimits): number {
  switch (phase) {
    case 'connecting':
      return limits.connectMs;
    case 'waiting':
      return limits.noCallerMs;
    case 'listening':
      return limits.idleMs;
    case 'hearing':
      return HEARING_CHECK_MS;
    case 'thinking':
      return limits.answerMs;
    case 'speaking':
      return limits.replyMs;
    // As long as the call may last at all.
    case 'rejoining':
    case 'ended':
      return Infinity;
  }
}

/** One step under construction: a private copy of the state and the commands so far. */
export class Draft {
  readonly state: Mutable<CallState>;
  readonly commands: CallCommand[] = [];
  readonly nowMs: MonotonicMs;

  constructor(state: CallState, nowMs: MonotonicMs) {
    this.state = { ...state };
    this.nowMs = nowMs;
  }

  /** Time since the call began, as the page sees it. */
  get atMs(): number {
    return round(this.nowMs - this.state.bornMs);
  }

  command(command: CallCommand): void {
    this.commands.push(command);
  }

  enter(phase: Phase): void {
    const before = AGENT_STATE[this.state.phase];
    this.state.phase = phase;
    this.extend(phaseLimitMs(phase, this.state.limits));
    if (phase !== 'ended' && AGENT_STATE[phase] !== before) this.command({ type: 'agent_state', state: AGENT_STATE[phase] });
  }

  /** The present phase may last this much longer, within the length of the reply and of the call. */
  extend(limitMs: number): void {
    const replyEndMs = this.state.reply?.playing === true && this.state.held === undefined ? this.state.reply.untilMs : Infinity;
    this.state.deadlineMs = monotonicMs(Math.min(this.nowMs + limitMs, this.state.lastMs, replyEndMs));
  }

  get callIsTooLong(): boolean {
    return this.nowMs >= this.state.lastMs;
  }

  report(timeline: Timeline, end: TurnEnd, heardMs: number, error?: ErrorCode): void {
    const report = reportTurn(timeline, end, heardMs, this.state.bornMs, error);
    this.command({ type: 'report_turn', report });
    this.command({ type: 'publish', event: { type: 'turn', atMs: this.atMs, ...report } });
  }

  /**
   * Stops the open reply, if there is one, and closes the open turn with `end`. `onsetMs`: of the voice that
   * interrupts; `error`: what made it fail.
   */
  stopReply(end: TurnEnd, { onsetMs, error }: { readonly onsetMs?: number; readonly error?: ErrorCode } = {}): void {
    const { reply, held } = this.state;
    // The turn that is being spoken has another one's place while a reply is held.
    const timeline = held === undefined ? this.state.timeline : held.timeline;
    this.state.held = undefined;
    this.state.suspectedMs = undefined;
    this.state.reply = undefined;
    this.state.timeline = undefined;
    const mine = reply !== undefined && timeline !== undefined && reply.turn === timeline.turn;
    if (timeline !== undefined && !mine) this.report(timeline, end === 'interrupted' ? 'unanswered' : end, 0, error);
    if (reply === undefined) return;
    if (timeline !== undefined && mine) {
      this.closeTurn(0);
      this.state.closing = { timeline, end: end === 'interrupted' && !reply.playing ? 'unanswered' : end, error };
    }
    const { generation, turn, playing, phrase } = reply;
    if (playing) this.command({ type: 'robot_speaking', on: false });
    this.command({ type: 'cut_reply', generation, turn, playing, onsetMs: playing ? onsetMs : undefined, silentMs: held?.silentMs, phrase });
  }

  /** What was made of a voice, or a sound, that arrived at `onsetMs` while the robot spoke. */
  decide(decision: InterruptionDecision, onsetMs: number): void {
    const afterMs = round(this.nowMs - onsetMs);
    const { reply } = this.state;
    this.command({ type: 'report_interruption', decision, afterMs });
    this.command({ type: 'publish', event: { type: 'interruption', atMs: this.atMs, decision, afterMs, ...(reply?.turn === undefined ? {} : { turn: reply.turn }) } });
  }

  /** Reports the turn whose reply was being cut, if there is one: `heardMs` of the reply were played. */
  closeTurn(heardMs: number): void {
    const { closing } = this.state;
    if (closing === undefined) return;
    this.state.closing = undefined;
    this.report(closing.timeline, closing.end, heardMs, closing.error);
  }

  /** An error the caller's page is told; the call goes on. */
  fail(error: VoiceNodeError, provider?: ProviderKind): void {
    this.command({ type: 'report_error', error, provider });
    this.command({ type: 'publish', event: { type: 'error', atMs: this.atMs, code: error.code, message: error.message } });
  }

  close(end: CallEnd): void {
    this.stopReply('interrupted');
    this.enter('ended');
    this.command({ type: 'close', end });
  }
}
