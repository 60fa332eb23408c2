import { Caller } from './caller.js';
import type { InstantProviders } from './instant-providers.js';
import type { NodeProcess } from './node-process.js';
import { trimmed, voice } from './voices.js';

const LIMIT_MS = 20_000;
const LOUD = 1500;

export interface AnswerTurn {
  /** As the node reports them. */
  readonly stagesMs: Readonly<Record<string, number>>;
  /** By the clock of `performance`: the first audible sample at the caller. */
  readonly firstSoundMs: number;
  /** When the model had begun its second sentence. */
  readonly secondSentenceMs: number;
}

/** Speaks to a robot with the rig's providers `count` times, and lets it answer to its end. */
export async function answerTurns(node: NodeProcess, robot: string, count: number, providers: InstantProviders): Promise<AnswerTurn[]> {
  const session = await node.createSession(robot);
  const caller = new Caller();
  const words = trimmed(voice('Front_Center'));
  const turns: AnswerTurn[] = [];
  try {
    await caller.join(session.url, session.token);
    await node.waitForLog((line) => line.msg === 'call begins' && line['room'] === session.room, LIMIT_MS);
    for (let i = 0; i < count; i++) {
      const from = node.log.length;
      const beganMs = await caller.say(words);
      const { atMs } = await caller.heard.sound(beganMs + words.length / 48, LIMIT_MS, LOUD);
      const turn = await node.waitForLog((line) => line.msg === 'turn', LIMIT_MS, from);
      const first = providers.tokens.findIndex(({ text }) => /[.!?]\s*$/.test(text));
      turns.push({
        stagesMs: turn['stagesMs'] as Record<string, number>,
        firstSoundMs: atMs,
        secondSentenceMs: providers.tokens[first + 1]?.atMs ?? Infinity,
      });
      await caller.heard.silence(atMs, 400 + 31 * (i % 7), LIMIT_MS);
    }
  } finally {
    await caller.leave();
  }
  return turns;
}
