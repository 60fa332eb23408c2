// A node of its own: beats, says that it is ready, claims what its parent names, and tells what it got. Arguments: the
// journal's address, its name.
import { openJournal } from '../../../voice-node/stores/journal-open.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import type { Log } from '../../../voice-node/domain/observer.js';

const [url = '', name = ''] = process.argv.slice(2);
const quiet = (): void => undefined;
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
const journal = openJournal(url, name, systemClock, log);
await journal.beat();
process.on('message', (calls: readonly string[]) => {
  void Promise.all(calls.map(async (call) => ((await journal.claim(call)) === undefined ? [] : [call]))).then((got) => process.send?.(got.flat()));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
