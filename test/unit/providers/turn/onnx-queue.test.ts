import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { VoiceNodeError } from '../../../../voice-node/domain/errors.js';
import type { TurnModel } from '../../../../voice-node/domain/turn-model.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { openTurnModel, type OnnxTurnModelOptions } from '../../../../voice-node/providers/turn/onnx.js';

/** What the stub does with a question. */
const NEVER = -1;
const DIE = -2;
const FAIL = -3;
const COUNT = -4;

const url = new URL('../../../support/stub-turn-process.mjs', import.meta.url);
const signal = new AbortController().signal;
let model: TurnModel | undefined;

interface Rig {
  readonly model: TurnModel;
  readonly clock: VirtualClock;
  readonly failures: VoiceNodeError[];
  readonly ask: (first: number, signal?: AbortSignal) => Promise<number | undefined>;
}

async function rig(changes: Partial<OnnxTurnModelOptions> = {}): Promise<Rig> {
  const clock = new VirtualClock();
  const failures: VoiceNodeError[] = [];
  const opened = await openTurnModel({ file: fileURLToPath(url), clock, program: { url }, onFailure: (error) => failures.push(error), ...changes });
  model = opened;
  const ask = (first: number, by: AbortSignal = signal): Promise<number | undefined> => opened.predict(Int16Array.of(first, 5, 5), 8000, by);
  return { model: opened, clock, failures, ask };
}

afterEach(() => model?.close());

describe('the questions of all calls', () => {
  it('are answered one by one, and one that fails harms no other', async () => {
    const { ask, failures } = await rig();
    expect(await Promise.all([ask(100), ask(FAIL), ask(300), ask(900)])).toEqual([0.1, undefined, 0.3, 0.9]);
    expect(failures.map(({ code, message }) => [code, message])).toEqual([['turn_model_failed', expect.stringMatching(/no such luck/)]]);
  });

  it('wait no longer than the deadline, and leave no timer behind', async () => {
    const { ask, clock } = await rig();
    expect(await ask(100)).toBe(0.1);
    expect(clock.pendingTimers).toBe(0);
    const late = ask(NEVER);
    await clock.advanceTo(149);
    expect(await Promise.race([late, Promise.resolve('waiting')])).toBe('waiting');
    await clock.advanceTo(150);
    expect(await late).toBeUndefined();
  });

  it('beyond the bound go without at once', async () => {
    const { ask, clock } = await rig({ maxWaiting: 2 });
    const stuck = [ask(NEVER), ask(100), ask(200)];
    expect(await ask(300)).toBeUndefined();
    await clock.advanceTo(150);
    expect(await Promise.all(stuck)).toEqual([undefined, undefined, undefined]);
  });

  it('end where their calls do; those that were waiting are not even put', async () => {
    const { ask } = await rig();
    const call = new AbortController();
    const first = ask(COUNT);
    const given = [ask(COUNT, call.signal), ask(COUNT, call.signal)];
    const last = ask(COUNT);
    call.abort();
    expect(await Promise.all(given)).toEqual([undefined, undefined]);
    expect([await first, await last]).toEqual([0.001, 0.002]);
    expect(await ask(100, call.signal)).toBeUndefined();
  });

  it('get undefined once the model is closed', async () => {
    const { ask, model: opened, clock, failures } = await rig();
    const open = [ask(NEVER), ask(100)];
    opened.close();
    expect(await Promise.all(open)).toEqual([undefined, undefined]);
    expect(await ask(100)).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
    expect(failures).toEqual([]);
  });

  it('of no samples have no answer', async () => {
    const { model: opened } = await rig();
    expect(await opened.predict(new Int16Array(0), 8000, signal)).toBeUndefined();
  });
});

describe('a process that dies', () => {
  const revived = ({ ask }: Rig): Promise<void> => vi.waitFor(async () => expect(await ask(400)).toBe(0.4), { timeout: 10_000, interval: 20 });

  it('costs the answers of its moment, and is replaced, though not at once', async () => {
    const all = await rig();
    const { ask, clock, failures } = all;
    expect(await Promise.all([ask(DIE), ask(100)])).toEqual([undefined, undefined]);
    expect(failures.map(({ message }) => message)).toEqual([expect.stringMatching(/ended \(code 7\)/)]);
    await clock.advanceTo(29_000);
    expect(await ask(400)).toBeUndefined();
    await clock.advanceTo(30_000);
    expect(await ask(400)).toBeUndefined();
    await revived(all);
  });

  it('or hangs: it is ended after five seconds', async () => {
    const all = await rig();
    const { ask, clock, failures } = all;
    const stuck = ask(NEVER);
    await clock.advanceTo(5000);
    expect(await stuck).toBeUndefined();
    expect(failures.map(({ message }) => message)).toEqual([expect.stringMatching(/within 5000 ms/)]);
    await clock.advanceTo(35_000);
    await revived(all);
    expect(failures).toHaveLength(1);
  });

  it('before it was ready is no model', async () => {
    await expect(rig({ engine: 'ends' })).rejects.toMatchObject({ code: 'turn_model_failed', message: expect.stringMatching(/ended \(code 3\)/) as string });
    const clock = new VirtualClock();
    const opening = openTurnModel({ file: fileURLToPath(url), clock, engine: 'mute', program: { url } });
    const refused = expect(opening).rejects.toMatchObject({ code: 'turn_model_failed', message: expect.stringMatching(/ready within 30000 ms/) as string });
    await clock.advanceTo(30_000);
    await refused;
    expect(clock.pendingTimers).toBe(0);
  });
});
