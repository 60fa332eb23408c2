import { fixed, summarize } from '../rig/statistics.js';
import { LIVELY, STEADY, conditionName, dialogue, figuresOf, isClean, noiseAlone, noisy, type Figures, type Pick } from './groups.js';
import type { Contender } from './heard.js';
import type { Outcome } from './run.js';
import { EARLY_MS } from './score.js';
import { Separation } from './separation.js';

type Row = readonly string[];

export function markdown(head: Row, rows: readonly Row[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${fixed(100 * share)} %`);
const perHour = (rate: number): string => (Number.isNaN(rate) ? '–' : fixed(rate, rate < 10 ? 1 : 0));
const latency = (values: readonly number[]): string => (values.length === 0 ? '–' : `${fixed(summarize(values).median, 0)}, ${fixed(summarize(values).p95, 0)}`);
const missed = ({ turns, missedShare, stuckShare }: Figures): string =>
  turns === 0 ? '–' : percent(missedShare) + (stuckShare > 0.005 ? ` (${percent(stuckShare)} stuck on)` : '');

/** Everything that was measured, ready to be asked. */
export class Results {
  private readonly outcomes: readonly Outcome[];

  constructor(outcomes: readonly Outcome[]) {
    this.outcomes = outcomes;
  }

  of(contender: string, pick: Pick): readonly Outcome[] {
    return this.outcomes.filter((outcome) => outcome.contender === contender && pick(outcome.score.stream));
  }

  figures(contender: string, pick: Pick): Figures {
    return figuresOf(this.of(contender, pick).map((outcome) => outcome.score));
  }

  separation(contender: string, pick: Pick): Separation | undefined {
    const all = new Separation();
    const found = this.of(contender, pick).flatMap((outcome) => outcome.separation ?? []);
    for (const each of found) all.merge(each);
    return found.length === 0 ? undefined : all;
  }

  /** False cuts an hour while the robot speaks, over noise alone. */
  cuts(contender: string, pick: Pick, rule: 'confirm' | 'immediate', what: 'duckedMs' | 'silentMs' | 'cutMs'): number {
    const found = this.of(contender, pick);
    const hours = found.reduce((sum, outcome) => sum + outcome.score.stream.durationMs, 0) / 3_600_000;
    return hours === 0 ? NaN : found.reduce((sum, outcome) => sum + (outcome[rule]?.[what].length ?? NaN), 0) / hours;
  }

  /** From the true onset until a speaking robot is quieter, or silent; only turns over which it spoke. */
  reactions(contender: string, pick: Pick, what: 'duckedMs' | 'silentMs'): { readonly ms: number[]; readonly missedShare: number } {
    const ms: number[] = [];
    let turns = 0;
    for (const { score, confirm } of this.of(contender, pick)) {
      // Ducked or silent: whichever came first lowers the voice.
      const times = what === 'silentMs' ? (confirm?.silentMs ?? []) : [...(confirm?.duckedMs ?? []), ...(confirm?.silentMs ?? [])].sort((a, b) => a - b);
      for (const turn of score.stream.turns) {
        turns++;
        const found = times.find((time) => time > turn.beginMs - EARLY_MS && time <= turn.endMs);
        if (found !== undefined) ms.push(Math.max(0, found - turn.beginMs));
      }
    }
    return { ms, missedShare: turns === 0 ? NaN : 1 - ms.length / turns };
  }
}

const CLEAN = dialogue(isClean);
const NOISY = noisy(10);
const BURSTS: Pick = ({ kind }) => kind === 'bursts';

/** The table: a row for each thing asked for, a column for each contender. */
export function goalTable(results: Results, contenders: readonly Contender[]): string {
  const cell = (name: string, pick: Pick): string => {
    const figures = results.figures(name, pick);
    return `${missed(figures)}; ${latency(figures.onsetMs)}`;
  };
  const falseCuts = (contender: Contender, pick: Pick): string =>
    contender.ours ? perHour(results.cuts(contender.name, pick, 'confirm', 'cutMs')) : perHour(results.figures(contender.name, pick).falseStartsPerHour);
  const end = ({ name, silenceMs }: Contender): string => {
    const { endMs } = results.figures(name, CLEAN);
    return endMs.length === 0 ? '–' : `${fixed(summarize(endMs).median - silenceMs, 0)} (${silenceMs})`;
  };
  const rows: readonly (readonly [string, string, (contender: Contender) => string])[] = [
    ['clean: turns missed; onset median, p95 in ms', '0; ≤ 70, ≤ 190', ({ name }) => cell(name, CLEAN)],
    ['10 dB, five noises: missed; onset median, p95', '≤ 1.7 %; ≤ 90, ≤ 390', ({ name }) => cell(name, NOISY)],
    ['next turn missed after a 3 s burst', '≤ 1.5 %', ({ name }) => percent(results.figures(name, BURSTS).nextMissedShare)],
    ['false starts per burst', '–', ({ name }) => percent(results.figures(name, BURSTS).burstFalseShare)],
    ['false interruptions an hour: white, pink, typing, DTMF', '≤ 1', (each) => falseCuts(each, noiseAlone(STEADY))],
    ['… music, street, alerts', '≤ 15', (each) => falseCuts(each, noiseAlone(LIVELY))],
    ['end of speech, ms after the silence asked for (which)', '≤ 90', end],
  ];
  return markdown(['', 'goal', ...contenders.map(({ name }) => name)], rows.map(([what, goal, figure]) => [what, goal, ...contenders.map(figure)]));
}

/** Missed turns and onset, condition by condition. */
export function conditionTable(results: Results, contenders: readonly Contender[], names: readonly string[]): string {
  const rows = names.map((name) => [
    name,
    ...contenders.map((contender) => {
      const figures = results.figures(contender.name, dialogue((condition) => conditionName(condition) === name));
      return `${missed(figures)}; ${latency(figures.onsetMs)}`;
    }),
  ]);
  return markdown(['missed; onset median, p95 ms', ...contenders.map(({ name }) => name)], rows);
}

/** Starts an hour where nobody speaks. */
export function noiseTable(results: Results, contenders: readonly Contender[], streams: readonly string[]): string {
  const only = (name: string): Pick => (stream) => stream.name === name;
  return markdown(
    ['false starts an hour, robot silent', ...contenders.map(({ name }) => name)],
    streams.map((name) => [name, ...contenders.map((contender) => perHour(results.figures(contender.name, only(name)).falseStartsPerHour))]),
  );
}

/** What noise does to a robot that speaks, with either rule. */
export function interruptionTable(results: Results, ours: readonly Contender[], streams: readonly string[]): string {
  const only = (name: string): Pick => (stream) => stream.name === name;
  const cells = (contender: string, pick: Pick): string[] => [
    ...(['duckedMs', 'silentMs', 'cutMs'] as const).map((what) => perHour(results.cuts(contender, pick, 'confirm', what))),
    perHour(results.cuts(contender, pick, 'immediate', 'cutMs')),
  ];
  return ours
    .map(({ name }) => markdown([`${name}: an hour`, 'confirm: lowered', 'held', 'cut', 'immediate: cut'], streams.map((stream) => [stream, ...cells(name, only(stream))])))
    .join('\n\n');
}

/** How fast a robot that speaks reacts to a caller who begins. */
export function reactionTable(results: Results, ours: readonly Contender[]): string {
  const groups: readonly (readonly [string, Pick])[] = [['clean', CLEAN], ['20 dB', noisy(20)], ['10 dB', NOISY], ['5 dB', noisy(5)]];
  return markdown(
    ['while the robot speaks', 'lowered: never; median, p95 ms', 'silent: never; median, p95 ms'],
    ours.flatMap(({ name }) =>
      groups.map(([label, pick]) => [
        `${name}, ${label}`,
        ...(['duckedMs', 'silentMs'] as const).map((what) => {
          const { ms, missedShare } = results.reactions(name, pick, what);
          return `${percent(missedShare)}; ${latency(ms)}`;
        }),
      ]),
    ),
  );
}

const PAUSES_MS = [[200, 350], [350, 500], [500, 800], [800, 3001]] as const;

/** Which share of the true pauses inside turns is taken for an end. */
export function pauseTable(results: Results, contenders: readonly Contender[]): string {
  return markdown(
    ['clean: pauses cut', 'end median, p95 ms', ...PAUSES_MS.map(([from, to]) => `${from}–${to === 3001 ? 3000 : to} ms`)],
    contenders.map(({ name }) => {
      const { pauses, endMs } = results.figures(name, CLEAN);
      return [
        name,
        latency(endMs),
        ...PAUSES_MS.map(([from, to]) => {
          const within = pauses.filter(({ lengthMs }) => lengthMs >= from && lengthMs < to);
          return within.length === 0 ? '–' : `${percent(within.filter(({ cut }) => cut).length / within.length)} of ${within.length}`;
        }),
      ];
    }),
  );
}

/** The area under the curve, frame by frame. */
export function aucTable(results: Results, contenders: readonly Contender[]): string {
  const groups: readonly (readonly [string, Pick])[] = [['clean', CLEAN], ['dtx', dialogue(({ variant }) => variant === 'dtx')], ['quiet', dialogue(({ variant }) => variant === 'quiet')], ...[20, 10, 5, 0].map((db) => [`${db} dB`, noisy(db)] as const)];
  const scored = contenders.filter(({ name }) => results.separation(name, () => true) !== undefined);
  return markdown(
    ['area under the ROC curve', ...groups.map(([label]) => label)],
    scored.map(({ name }) => [
      name,
      ...groups.map(([, pick]) => {
        const auc = results.separation(name, pick)?.auc();
        return auc === undefined ? '–' : fixed(auc, 4);
      }),
    ]),
  );
}
