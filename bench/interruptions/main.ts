import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { seeded } from '../rig/random.js';
import { printTable, writeResults } from '../rig/report.js';
import { SpeechSet } from '../rig/speech-set.js';
import { fixed, summarize } from '../rig/statistics.js';
import { SET_RATE_HZ, type Half, type PieceKind } from '../speech-set/format.js';
import { play, type Outcome, type Scenario, type SceneOptions } from './scene.js';

// What interrupts a robot that speaks, on a scripted set: real interruptions, and what is none, at random places in
// the reply, through the whole call on virtual time. Arguments: the half of the set (test), how many of each kind,
// which modes (all).

const half = (process.argv[2] ?? 'test') as Half;
const most = Number(process.argv[3] ?? 40);
const only = process.argv[4];
const SEED = 11;
const KINDS: readonly PieceKind[] = ['utterance', 'backchannel', 'cough', 'slam', 'typing', 'far_speech'];
/** The longest stretch of the robot's voice that is used; enough for anything that happens in it. */
const REPLY_MS = 14_000;
const OPENING_MS = 2400;

const set = SpeechSet.open();
const random = seeded(SEED);
const robots = set.pieces(half, 'robot');
const utterances = set.pieces(half, 'utterance');
/** Short ones, without a pause in which the robot would begin. */
const openings = utterances.filter(({ sound }) => sound.endMs - sound.beginMs <= OPENING_MS);
const detectors = await loadDetectors({ kinds: ['silero'] });

const scenarios = KINDS.flatMap((kind) =>
  set.pieces(half, kind).slice(0, most).map((piece): Scenario => ({ name: piece.name, speaker: piece.speaker, kind, real: kind === 'utterance', samples: set.samples(piece), sound: piece.sound, text: piece.text, atMs: 800 + random() * 6000 })),
);

const modes: readonly { readonly name: string; readonly interruptions: SceneOptions['interruptions']; readonly words: boolean }[] = [
  { name: 'immediate', interruptions: 'immediate', words: false },
  { name: 'confirm', interruptions: 'confirm', words: false },
  { name: 'confirm, partial transcripts', interruptions: 'confirm', words: true },
];

const results: Record<string, unknown> = {};
for (const mode of modes.filter(({ name }) => only === undefined || name === only)) {
  const outcomes: Outcome[] = [];
  for (const [i, scenario] of scenarios.entries()) {
    const robot = robots[i % robots.length];
    if (robot === undefined || openings.length === 0) throw new Error(`expected robots and short utterances in the half ${half}`);
    const reply = createResampler({ fromHz: SET_RATE_HZ, toHz: 48_000 }).process(set.samples(robot).subarray(0, REPLY_MS * 8));
    outcomes.push(await outcomeOf(scenario, i, { detectors, interruptions: mode.interruptions, words: mode.words, reply }));
  }
  results[mode.name] = report(mode.name, outcomes);
}
detectors.close();
writeResults(`interruptions-${half}`, results);

/**
 * Who interrupts has opened the call as well, where the set has enough of his voice; otherwise somebody of the same half.
 * Another opening is taken where it has interrupted the reply already.
 */
async function outcomeOf(scenario: Scenario, first: number, options: Omit<SceneOptions, 'opening'>): Promise<Outcome> {
  const own = utterances.filter(({ speaker }) => speaker === scenario.speaker).sort((a, b) => Number(a.name === scenario.name) - Number(b.name === scenario.name));
  for (const opening of [...own, ...openings.slice(first % openings.length), ...openings]) {
    const outcome = await play(scenario, { ...options, opening: set.samples(opening) });
    if (!outcome.spoiled) return outcome;
  }
  throw new Error(`${scenario.name}: the reply was over before anything happened, whoever opened the call`);
}

function report(name: string, outcomes: readonly Outcome[]): unknown {
  const rows = KINDS.map((kind) => {
    const these = outcomes.filter(({ scenario }) => scenario.kind === kind);
    const ducked = these.flatMap(({ duckedMs }) => (duckedMs === undefined ? [] : [duckedMs]));
    const silent = these.flatMap(({ silentMs }) => (silentMs === undefined ? [] : [silentMs]));
    const cut = these.filter((each) => each.cut).length;
    const share = (count: number): string => `${fixed((100 * count) / Math.max(1, these.length))} %`;
    const lost = Math.max(0, ...these.map(({ lostMs }) => lostMs ?? 0));
    return [
      kind,
      String(these.length),
      share(ducked.filter((ms) => ms <= 80).length),
      ducked.length === 0 ? '-' : fixed(summarize(ducked).median, 0),
      share(silent.filter((ms) => ms <= 200).length),
      silent.length === 0 ? '-' : `${fixed(summarize(silent).median, 0)} / ${fixed(summarize(silent).p95, 0)}`,
      share(cut),
      fixed(lost, 2),
    ];
  });
  printTable(`${name}, ${half} half`, ['what happens', 'cases', 'ducked <= 80 ms', 'duck median', 'silent <= 200 ms', 'silent median / p95', 'reply ended', 'most lost ms'], rows);
  const others = outcomes.filter(({ scenario }) => !scenario.real);
  const summary = { othersCut: others.filter((each) => each.cut).length, others: others.length, rows };
  console.log(`\nof ${summary.others} that were no interruption ${summary.othersCut} ended the reply (${fixed((100 * summary.othersCut) / Math.max(1, summary.others))} %)`);
  return { ...summary, outcomes: outcomes.map(({ scenario, ...rest }) => ({ name: scenario.name, kind: scenario.kind, ...rest })) };
}
