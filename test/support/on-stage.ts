import { afterAll, afterEach, beforeAll } from 'vitest';
import { Stage } from './real-node.js';

/** A stage for the tests of one file: after each of them its callers hang up and its nodes end. */
export function onStage(opened: (stage: Stage) => void): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
    opened(stage);
  });
  afterEach(async () => {
    await stage.hangUpAll();
    await stage.endNodes();
  });
  afterAll(() => stage.close());
}
