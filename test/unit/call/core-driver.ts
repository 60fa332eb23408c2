import { step } from '../../../voice-node/call/core.js';
import type { CallCommand, CallEvent } from '../../../voice-node/call/events.js';
import { newCall, type CallLimits, type CallRules, type CallState } from '../../../voice-node/call/state.js';
import type { TurnReport } from '../../../voice-node/domain/events.js';
import { mediaMs, monotonicMs } from '../../../voice-node/domain/time.js';

export const LIMITS: CallLimits = {
  connectMs: 1000,
  noCallerMs: 2000,
  hungUpMs: 1000,
  idleMs: 60_000,
  answerMs: 5000,
  replyGapMs: 3000,
  replyMs: 20_000,
  callMs: 150_000,
};

export const BORN_MS = 7000;

/** Drives the pure core by hand; answers `cut_reply` as the player does, before anything else happens. */
export class CoreDriver {
  state: CallState;
  nowMs = BORN_MS;
  readonly commands: CallCommand[] = [];
  /** What a cut reply is said to have played. */
  heardMs = 0;

  constructor(limits: Partial<CallLimits> = {}, rules: Partial<CallRules> = {}, ageMs = 0) {
    this.state = newCall({ ...LIMITS, ...limits }, { interruptions: 'immediate', phrases: {}, resumed: false, ...rules }, monotonicMs(BORN_MS), ageMs);
  }

  /** Feeds one event; returns the commands that follow. */
  send(event: CallEvent): readonly CallCommand[] {
    const all: CallCommand[] = [];
    const queue: CallEvent[] = [event];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { state, commands } = step(this.state, next, monotonicMs(this.nowMs));
      this.state = state;
      all.push(...commands);
      for (const command of commands) {
        if (command.type !== 'cut_reply') continue;
        const { generation, turn, playing, onsetMs, silentMs } = command;
        queue.push({ type: 'reply_cut', generation, turn, heardMs: this.heardMs, bargeInMs: onsetMs === undefined ? undefined : (silentMs ?? this.nowMs) - onsetMs, playing });
      }
    }
    this.commands.push(...all);
    return all;
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** Waits until the deadline and lets it pass. */
  expire(): readonly CallCommand[] {
    this.nowMs = Math.max(this.nowMs, this.state.deadlineMs);
    return this.send({ type: 'tick' });
  }

  // The ways of a call, in short.

  listening(): this {
    this.send({ type: 'connected' });
    this.send({ type: 'caller_joined' });
    return this;
  }

  starts(tentative = false): readonly CallCommand[] {
    return this.send({ type: 'speech_started', atMs: mediaMs(0, 8000), onsetMs: mediaMs(0, 8000), onsetArrivedMs: monotonicMs(this.nowMs - 60), tentative });
  }

  ends(): readonly CallCommand[] {
    const utterance = { samples: new Int16Array(8000), rateHz: 8000, startMs: mediaMs(0, 8000), preRollMs: 0 };
    const at = mediaMs(0, 8000);
    return this.send({ type: 'speech_ended', atMs: at, offsetMs: at, offsetArrivedMs: monotonicMs(this.nowMs - 500), utterance, truncated: false });
  }

  says(): this {
    this.starts();
    this.after(1000).ends();
    return this;
  }

  /** A reply to `turn` (null: to none) begins and plays; returns its generation. */
  answers(to: number | null = this.state.turn): number {
    const turn = to ?? undefined;
    this.send({ type: 'reply_begun', turn });
    const { generation } = this.state;
    this.after(10).send({ type: 'understood', turn: turn ?? 0 });
    this.after(10).send({ type: 'reply_chosen', generation });
    this.after(10).send({ type: 'reply_audio', generation });
    this.after(10).send({ type: 'playout_started', generation });
    this.after(10).send({ type: 'playout_audible', generation });
    return generation;
  }

  get reports(): readonly TurnReport[] {
    return this.commands.flatMap((command) => (command.type === 'report_turn' ? [command.report] : []));
  }

  get end(): string | undefined {
    const close = this.commands.find((command) => command.type === 'close');
    return close?.type === 'close' ? close.end : undefined;
  }

  /** Names of the commands, `publish` with its event's type. */
  static names(commands: readonly CallCommand[]): string[] {
    return commands.map((command) => (command.type === 'publish' ? `publish ${command.event.type}` : command.type));
  }
}
