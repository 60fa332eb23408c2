import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import type { SpeechDetector } from '../../voice-node/domain/speech.js';
import { EchoGuard } from '../../voice-node/hearing/echo-guard.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import type { Half } from '../speech-set/format.js';
import { frameCost, guardBytes } from './cost.js';
import { grid, TAKES } from './grid.js';
import { material } from './material.js';
import { detections, guarded, probabilities, starts } from './run.js';
import type { Scene } from './scene.js';

// The robot's own voice comes back to it: how often it interrupts itself, without and with the echo guard, and how much
// later a caller who talks over it is noticed. Arguments: half (test, tune), seconds of each call,
// calls for each setting.

const half = (process.argv[2] ?? 'test') as Half;
const seconds = Number(process.argv[3] ?? 24);
const takes = Number(process.argv[4] ?? TAKES);
const GOAL_LATER_MS = 60;

class Tally {
  hours = 0;
  bare = 0;
  own = 0;
  spoken = 0;
  missed = 0;
  readonly without: number[] = [];
  readonly with: number[] = [];
  readonly later: number[] = [];
  readonly chance: number[] = [];
  readonly erleDb: number[] = [];

  add(scene: Scene, result: ReturnType<typeof measure>): void {
    this.hours += scene.robotHours;
    this.bare += result.bare;
    this.own += result.own;
    this.erleDb.push(result.erleDb);
    result.found.forEach((found, i) => {
      const alone = result.alone[i];
      // What is not found without echo either is no fault of the guard.
      if (alone === undefined) return;
      this.spoken++;
      this.without.push(alone);
      const again = result.again[i];
      if (again !== undefined) this.chance.push(again - alone);
      if (found === undefined) this.missed++;
      else {
        this.with.push(found);
        this.later.push(found - alone);
      }
    });
  }

  row(name: string): string[] {
    const two = (values: number[]): string => `${fixed(summarize(values).median, 0)}, ${fixed(summarize(values).p95, 0)}`;
    const rate = (count: number): string => fixed(count / this.hours, 1);
    return [name, fixed(this.hours * 60, 1), rate(this.bare), rate(this.own), `${this.missed}/${this.spoken}`, two(this.without), two(this.with), two(this.later), two(this.chance), fixed(summarize(this.erleDb).median)];
  }
}

function measure(detector: SpeechDetector, scene: Scene) {
  let erleDb = 0;
  const clean = guarded(new EchoGuard(8000), scene, scene.echoOnly, (view) => {
    if (view.active) erleDb = view.erleDb;
  });
  const talked = guarded(new EchoGuard(8000), scene, scene.talkedOver);
  return {
    erleDb,
    bare: starts(detector, probabilities(detector, scene.echoOnly)).length,
    own: starts(detector, probabilities(detector, clean)).length,
    found: detections(detector, probabilities(detector, talked), scene),
    alone: detections(detector, probabilities(detector, scene.callerOnly), scene),
    again: detections(detector, probabilities(detector, scene.callerAgain), scene),
  };
}

if (half !== 'tune' && half !== 'test') throw new Error(`expected tune or test, got ${String(half)}`);
const detectors = await loadDetectors({ kinds: ['silero'] });
const detector = detectors.create('silero', 8000);
const sounds = material(half);
console.log(`${half} half, ${sounds.source}: ${sounds.robots.length} robots, ${sounds.callers.length} utterances of callers`);

const all = new Tally();
const tallies = new Map<string, Tally>();
for (const scene of grid(half, sounds, seconds, takes)) {
  const result = measure(detector, scene);
  all.add(scene, result);
  for (const key of [`path ${scene.path}`, `level ${scene.levelDb} dB`, `delay ${scene.delayMs} ms`]) {
    const tally = tallies.get(key) ?? new Tally();
    tallies.set(key, tally);
    tally.add(scene, result);
  }
}
detectors.close();

const head = ['calls with', 'robot min', 'bare /h', 'guarded /h', 'missed', 'no echo', 'guarded', 'later', 'chance', 'ERLE dB'];
const rows = [...[...tallies].sort(([a], [b]) => a.localeCompare(b)).map(([name, tally]) => tally.row(name)), all.row('all')];
printTable('The robot stops itself, per hour of its speech; a caller is noticed after (ms: median, p95), how much later than without echo,\nand how much other noise of the same level moves that', head, rows);
const cost = frameCost(sounds);
printTable('CPU per 20 ms frame, µs', ['', '8 kHz', '16 kHz'], cost.map(({ name, us8, us16 }) => [name, fixed(us8), fixed(us16)]));
const bytes = { rate8: guardBytes(8000), rate16: guardBytes(16_000) };
console.log(`\nState of a guard: ${fixed(bytes.rate8 / 1024, 0)} KiB at 8 kHz, ${fixed(bytes.rate16 / 1024, 0)} KiB at 16 kHz`);
const later = summarize(all.later);
console.log(`\n${fixed(all.own / all.hours, 1)} self-interruptions an hour (goal: at most 1); p95 ${fixed(summarize(all.with).p95 - summarize(all.without).p95, 0)} ms later (goal: at most ${GOAL_LATER_MS}); median ${fixed(later.median, 0)} ms`);
writeResults('echo', { half, source: sounds.source, head, rows, cost, bytes });
