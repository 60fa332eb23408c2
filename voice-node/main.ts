import { messageOf, VoiceNodeError } from './domain/errors.js';

const USAGE = `usage: voice-node <command>

  start                                    run the node
  token --identity NAME [--room demo]      print a token for the page
  resample --from 48000 --to 8000          raw mono audio, stdin to stdout
  vad [--detector silero] [--rate 8000]    s16le on stdin to speech events, a JSON line each
  replay call.wav [--robot echo]           a recording through the whole node, on virtual time
  robots                                   the robots, and whether they can take calls
  robots check [name...] [--json]          everything that is wrong with them

of a running node, here or with --url http://host:port:
  top [--once]                             its shards and calls, once a second
  calls [--json]                           the calls in progress
  hangup ID                                ends a call; a beginning of its id is enough
  drain [--wait]                           no new calls; it stops once the last one is over

The README says more.`;

/** Bad input ends with 2, as is usual for the command line; a fault of the world with 1; a bug with 70. */
const INPUT_CODES = new Set<string>(['config_invalid', 'argument_invalid', 'robot_unknown', 'robot_invalid', 'robot_unavailable', 'audio_format']);

async function main(command: string | undefined, args: readonly string[]): Promise<number> {
  const { stdin, stdout } = process;
  switch (command) {
    case 'start':
      return (await import('./cli/start.js')).runStart(args);
    case 'shard':
      // Not for people: `start` runs it.
      return (await import('./cli/shard.js')).runShard(args);
    case 'token':
      await (await import('./cli/token.js')).runToken(args, stdout);
      return 0;
    case 'resample':
      await (await import('./cli/resample.js')).runResample(args, { stdin, stdout });
      return 0;
    case 'vad':
      await (await import('./cli/vad.js')).runVad(args, { stdin, stdout });
      return 0;
    case 'replay':
      await (await import('./cli/replay.js')).runReplay(args, stdout);
      return 0;
    case 'robots':
      return (await import('./cli/robots.js')).runRobots(args, stdout);
    case 'top':
      await (await import('./cli/top.js')).runTop(args, stdout);
      return 0;
    case 'calls':
      await (await import('./cli/calls.js')).runCalls(args, stdout);
      return 0;
    case 'hangup':
      await (await import('./cli/hangup.js')).runHangup(args, stdout);
      return 0;
    case 'drain':
      await (await import('./cli/drain.js')).runDrain(args, stdout);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      stdout.write(`${USAGE}\n`);
      return 0;
    default:
      throw new VoiceNodeError('argument_invalid', `expected a command, got ${command === undefined ? 'none' : JSON.stringify(command)}\n\n${USAGE}`);
  }
}

// A reader that has seen enough (`voice-node vad | head -1`) is no fault. Calls go on without anybody who reads the log.
if (process.argv[2] !== 'shard') process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  process.exitCode = await main(process.argv[2], process.argv.slice(3));
} catch (error) {
  const known = error instanceof VoiceNodeError;
  process.stderr.write(`voice-node: ${known || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)}\n`);
  process.exitCode = known ? (INPUT_CODES.has(error.code) ? 2 : 1) : 70;
}
