import type { NodeView } from '../../voice-node/domain/operations.js';
import type { NodeProcess } from './node-process.js';

export const ADMIN_TOKEN = 'the-operator-of-the-bench';

/** What an operator sees of a node that was started with ADMIN_TOKEN. */
export async function nodeView(node: NodeProcess): Promise<NodeView> {
  const response = await fetch(`${node.url}/api/node`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`/api/node: ${response.status} ${await response.text()}`);
  return (await response.json()) as NodeView;
}

export const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((all, each) => all + each, 0);

/** offered = live + ended + refused. */
export const balances = (view: NodeView): boolean => view.offered === view.live + sum(view.ended) + sum(view.refused);

/** Asks until it is so. Rejects after `limitMs`, saying what there was. */
export async function until(node: NodeProcess, what: string, limitMs: number, matches: (view: NodeView) => boolean): Promise<NodeView> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const view = await nodeView(node);
    if (matches(view)) return view;
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}; there is ${JSON.stringify(view)}`);
    await wait(25);
  }
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
