// A shard's process as the product has it, but for the calls: they are stubs that say good-bye on standard output.
import { LocalShard } from '../../../voice-node/node/local-shard.js';
import { obeyOnlyMain, parentChannel, ShardServer } from '../../../voice-node/node/shard-server.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { createLog } from '../../../voice-node/platform/log.js';
import { SystemGauge } from '../../../voice-node/platform/vitals.js';
import { StubCall } from './stub-call.js';

class PoliteCall extends StubCall {
  override start(): void {
    super.start();
    this.news.said({ by: 'robot', text: `hello, ${this.request.past?.at(-1)?.text ?? 'stranger'}` });
    // As a line that has been made again would.
    this.news.identity(`${this.request.identity}-2`);
  }
  override sayGoodbye(): void {
    super.sayGoodbye();
    process.stdout.write(`good-bye ${this.callId}\n`);
    this.finish('shutdown');
  }
}

const [, , name = '?', drainTimeoutMs = '0'] = process.argv;
const log = createLog('info').child({ shard: name });
let server: ShardServer | undefined = undefined;
obeyOnlyMain(() => server, () => process.exit(3));
server = new ShardServer({
  channel: parentChannel(),
  makeShard: (listener) =>
    new LocalShard({ name, create: (...args) => new PoliteCall(...args), gauge: new SystemGauge(), metrics: () => Promise.resolve([{ of: name }]), clock: systemClock, log }, listener),
  drainTimeoutMs: Number(drainTimeoutMs),
  clock: systemClock,
  log,
});
await server.done;
process.exit(0);
