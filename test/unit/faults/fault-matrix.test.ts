import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../voice-node/providers/resilient/providers.js';
import { faultRig, type FaultRig } from './fault-rig.js';
import { FAULTS, KINDS, MOMENTS, type FaultKind, type Kind, type Moment, type Struck } from './fault-server.js';

const GRACE_MS = 2000;
const cells: string[] = [];

/** Sentences of one answer are requests of one turn: the second of them is the later one. */
const laterIsSameTurn = (kind: Kind): boolean => kind === 'tts';

/** Speech that never ends is no silence: nothing is late, and the caller can cut it short. */
const talksOn = (kind: Kind, fault: FaultKind, struck: readonly Struck[]): boolean => fault === 'endless' && kind !== 'stt' && struck[0]?.lastResultMs !== undefined;

/** When what was struck is late, at the latest. What fails at once is tried again: that counts from the last try; who is late is not. */
function deadlineMs(kind: Kind, fault: FaultKind, struck: readonly Struck[]): number {
  const limits = DEFAULT_LIMITS[kind];
  const [first] = struck as [Struck];
  const last = struck.at(-1) as Struck;
  const isSlow = fault === 'hangs' || fault === 'a byte a second' || fault === 'endless';
  if (!isSlow) return last.faultMs ?? last.atMs;
  // Results come, but no end: the whole of it is due, from the end of speech on.
  if (fault === 'endless' && kind === 'stt' && first.lastResultMs !== undefined) return first.atMs + limits.totalMs;
  if (first.lastResultMs !== undefined) return first.lastResultMs + limits.gapMs;
  if (first.headersMs !== undefined) return first.headersMs + limits.firstMs;
  // Transcription is connected before there is anything to send.
  return first.atMs + (kind === 'stt' ? limits.firstMs : limits.connectMs);
}

/** One utterance of Alice's, until all is quiet again. */
async function ask(rig: FaultRig, atMostMs = 25_000): Promise<{ readonly fromMs: number; readonly toMs: number }> {
  const { alice, clock } = rig;
  const turns = alice.turns.length;
  alice.speaks(600);
  await rig.wait(600);
  const fromMs = clock.nowMs();
  await rig.wait(1000);
  await rig.wait(atMostMs, () => alice.turns.length > turns && alice.isSilent && alice.call.phase === 'listening');
  return { fromMs, toMs: clock.nowMs() };
}

let undisturbed: FaultRig | undefined;

/** What Bob hears where nothing is ever wrong. */
async function bobAlone(): Promise<FaultRig> {
  if (undisturbed === undefined) {
    undisturbed = await faultRig();
    await undisturbed.wait(90_000);
  }
  return undisturbed;
}

async function bobHeardAll(rig: FaultRig): Promise<void> {
  const { bob } = await bobAlone();
  expect(rig.bob.frames.length).toBeLessThan(bob.frames.length);
  expect(rig.bob.frames.findIndex((frame, i) => Buffer.compare(Buffer.from(frame.buffer), Buffer.from((bob.frames[i] as Int16Array).buffer)) !== 0)).toBe(-1);
  expect(rig.bob.turns.length).toBeGreaterThan(0);
  for (const turn of rig.bob.turns) expect(turn.end).toBe('answered');
}

async function nothingIsLeft(rig: FaultRig): Promise<void> {
  await rig.over();
  expect(rig.server.open).toBe(0);
  expect(rig.clock.pendingTimers).toBe(0);
}

describe.each(KINDS)('%s', (kind) => {
  describe.each(FAULTS)('%s', (fault) => {
    it.each(MOMENTS)('at: %s', async (moment: Moment) => {
      const rig = await faultRig({ seed: cells.length + 1 });
      const { alice, server } = rig;
      await rig.wait(400);
      if (moment === 'later' && !laterIsSameTurn(kind)) {
        await ask(rig);
        expect(alice.turns).toMatchObject([{ end: 'answered' }]);
      }
      const before = alice.turns.length;
      server.plan({ kind, fault, moment, after: moment === 'later' && laterIsSameTurn(kind) ? 1 : 0, times: Infinity });
      const { fromMs, toMs } = await ask(rig);
      server.heal();
      expect(server.struck.length).toBeGreaterThan(0);
      const turn = alice.turns[before];
      const heard = alice.heard(fromMs, toMs);
      const dueMs = deadlineMs(kind, fault, server.struck);
      const gaps = alice.gaps(fromMs, toMs);
      const outcome = turn === undefined ? 'until interrupted' : `${turn.end} ${turn.error}`;
      cells.push([kind, fault, moment, heard.join(', then '), `${Math.round((gaps[0]?.toMs ?? NaN) - fromMs)} ms`, outcome].join(' | '));
      expect(heard.length).toBeGreaterThan(0);
      for (const gap of gaps) expect(gap.toMs).toBeLessThanOrEqual(Math.max(dueMs, gap.fromMs) + GRACE_MS);
      if (talksOn(kind, fault, server.struck)) {
        expect(heard).toEqual(['answer']);
        expect(alice.isSilent).toBe(false);
      } else {
        expect(turn?.end).toBe('failed');
        expect(turn?.error).toMatch(/^provider_/);
        expect(heard.at(-1)).toBe('apology');
      }
      // The next one is answered as if nothing had been.
      const next = await ask(rig);
      expect(alice.turns.at(-1)).toMatchObject({ end: 'answered' });
      expect(alice.turns[before]?.end).toBe(talksOn(kind, fault, server.struck) ? 'interrupted' : 'failed');
      expect(alice.heard(next.fromMs, next.toMs)).toEqual(['answer']);
      expect(alice.call.phase).toBe('listening');
      await bobHeardAll(rig);
      await nothingIsLeft(rig);
    });
  });
});

describe('with a second provider that is well', () => {
  const rows = KINDS.flatMap((kind) => FAULTS.filter((fault) => !(kind === 'tts' && fault === 'endless')).map((fault) => [kind, fault] as const));
  it.each(rows)('%s, %s: the caller hears the answer, in the same turn', async (kind, fault) => {
    const rig = await faultRig({ spares: true });
    await rig.wait(400);
    rig.server.plan({ kind, fault, moment: 'before', after: 0, times: Infinity });
    const { fromMs, toMs } = await ask(rig);
    expect(rig.server.struck.length).toBeGreaterThan(0);
    expect(rig.alice.heard(fromMs, toMs)).toEqual(['answer']);
    expect(rig.alice.turns).toMatchObject([{ end: 'answered' }]);
    await nothingIsLeft(rig);
  });
});

describe('what passes by itself', () => {
  const rows = KINDS.flatMap((kind) => (['refused', 'reset', 'fin', 'closed', 'server error'] as const).map((fault) => [kind, fault] as const));
  it.each(rows)('%s, %s once: the second try is answered', async (kind, fault) => {
    const rig = await faultRig();
    await rig.wait(400);
    rig.server.plan({ kind, fault, moment: 'before', after: 0, times: 1 });
    const { fromMs, toMs } = await ask(rig);
    expect(rig.server.struck).toHaveLength(1);
    expect(rig.alice.heard(fromMs, toMs)).toEqual(['answer']);
    expect(rig.alice.turns).toMatchObject([{ end: 'answered' }]);
    await rig.wait(5000);
    await bobHeardAll(rig);
    await nothingIsLeft(rig);
  });
});

it('has 180 cells, and in each of them something was heard', async () => {
  expect(cells).toHaveLength(180);
  const count = (heard: string): number => cells.filter((cell) => cell.split(' | ')[3] === heard).length;
  expect({ apology: count('apology'), both: count('answer, then apology'), answer: count('answer') }).toEqual({ apology: 127, both: 45, answer: 8 });
  // Columns: what goes wrong, how, when; what the caller hears, how long after his last word, how the turn ends.
  await expect(cells.join('\n') + '\n').toMatchFileSnapshot('fault-matrix.txt');
});
