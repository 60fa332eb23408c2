import { expect } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances, nodeView } from '../../bench/rig/operator.js';
import type { Talk } from './talk.js';

/** A lease of 6 s, the second in which somebody looks, and joining the room. */
export const TAKEN_LIMIT_MS = 12_000;
export const GOES_ON = 'a call of a node that is gone goes on here';

/** The rooms whose calls a node has taken over. */
export const takenOver = ({ log }: NodeProcess): readonly unknown[] => log.filter(({ msg }) => msg === GOES_ON).map((line) => line['room']);

/** The books of a node whose only call is this one, which it has taken over. */
export async function hasTaken(there: NodeProcess, talk: Talk): Promise<void> {
  expect(takenOver(there)).toEqual([talk.room]);
  const view = await nodeView(there);
  expect([view.calls.map(({ room }) => room), view.offered, balances(view)]).toEqual([[talk.room], 1, true]);
}
