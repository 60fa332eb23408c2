import type { Phrase } from '../call/options.js';
import type { PhraseName } from '../call/state.js';
import type { Audio } from '../domain/audio.js';
import { asNodeError, messageOf } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { Orchestrator } from '../domain/orchestrator.js';
import type { TextToSpeech } from '../domain/tts.js';
import { joinAudio } from '../dsp/join.js';
import { UnableOrchestrator } from '../orchestrators/unable.js';
import type { Robot } from '../robots/robot.js';
import type { MadeRobot, RobotMaker } from './robot-maker.js';
import { PHRASE_NAMES, RecordedPhrases, wordsFor } from './robot-phrases.js';

/** A longer sentence is no phrase any more. */
const MAX_PHRASE_MS = 30_000;

/** A robot for one call. */
export interface Role {
  readonly orchestrator: Orchestrator;
  /** What the caller hears when nothing helps, after the call was cut off, and when the node has to end it. */
  readonly phrases: Readonly<Record<PhraseName, Phrase>>;
  /** Whether this is the robot, or one that says sorry for it and hangs up. */
  readonly able: boolean;
  /** To be called once, when the call is over. */
  release(): void;
}

interface Player {
  readonly robot: Robot;
  readonly made: MadeRobot;
  phrases: Readonly<Record<PhraseName, Phrase>>;
  calls: number;
  retired: boolean;
}

/**
 * The robots that take calls, each made once and shared by its calls. One that has changed is made anew for the
 * next call; the old one goes when its last call is over.
 */
export class RobotCast {
  readonly #maker: Pick<RobotMaker, 'make'>;
  readonly #log: Log;
  readonly #players = new Map<string, Player>();
  readonly #recorded = new RecordedPhrases();

  constructor(maker: Pick<RobotMaker, 'make'>, log: Log) {
    this.#maker = maker;
    this.#log = log;
  }

  /** A robot that cannot be made must not leave its caller in silence: he hears its apology. */
  take(robot: Robot): Role {
    let player: Player;
    try {
      player = this.#player(robot);
    } catch (error) {
      return { orchestrator: new UnableOrchestrator(asNodeError(error, 'internal')), phrases: this.#recorded.of(robot), able: false, release: () => undefined };
    }
    player.calls++;
    let released = false;
    return {
      orchestrator: player.made.orchestrator,
      phrases: player.phrases,
      able: true,
      release: () => {
        if (released) return;
        released = true;
        player.calls--;
        this.#sweep(player);
      },
    };
  }

  /** Makes a robot before its first call, so that nobody has to wait for it. Never throws. */
  prepare(robot: Robot): void {
    try {
      this.#player(robot);
    } catch (error) {
      this.#log.warn({ robot: robot.name, error: messageOf(error) }, 'a robot could not be made ready');
    }
  }

  close(): void {
    for (const player of this.#players.values()) {
      player.retired = true;
      player.made.close();
    }
    this.#players.clear();
  }

  #player(robot: Robot): Player {
    const known = this.#players.get(robot.name);
    if (known?.robot === robot) return known;
    const player: Player = { robot, made: this.#maker.make(robot), phrases: this.#recorded.of(robot), calls: 0, retired: false };
    this.#players.set(robot.name, player);
    if (known !== undefined) {
      known.retired = true;
      this.#sweep(known);
    }
    void this.#rehearse(player);
    return player;
  }

  #sweep(player: Player): void {
    if (player.retired && player.calls === 0) player.made.close();
  }

  /** Greeting and phrases in the robot's own voice are synthesised before anybody needs them. Never rejects. */
  async #rehearse(player: Player): Promise<void> {
    const { robot, made: { voice } } = player;
    if (voice === undefined) return;
    const { greeting } = robot;
    if (greeting?.audio === undefined && greeting?.text !== undefined) await this.#say(voice, greeting.text, robot);
    for (const name of PHRASE_NAMES) {
      const text = wordsFor(robot, name);
      const audio = text === undefined ? undefined : await this.#say(voice, text, robot);
      if (text !== undefined && audio !== undefined) player.phrases = { ...player.phrases, [name]: { text, audio } };
    }
  }

  async #say(voice: TextToSpeech, text: string, robot: Robot): Promise<Audio | undefined> {
    const pieces: Audio[] = [];
    const { signal } = new AbortController();
    try {
      for await (const piece of voice.speak({ text, language: robot.config.language, signal, connected: () => undefined, used: () => undefined })) pieces.push(piece);
    } catch (error) {
      this.#log.warn({ robot: robot.name, error: messageOf(error) }, 'a phrase could not be synthesised ahead of time');
      return undefined;
    }
    const audio = joinAudio(pieces);
    return audio === undefined || audio.samples.length / audio.rateHz > MAX_PHRASE_MS / 1000 ? undefined : audio;
  }
}
