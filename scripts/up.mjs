// One command from a fresh clone to a talking page.
import { requireNode } from './lib/checkout.mjs';

requireNode();

const HELP = `scripts/up [--logs]

Installs, builds, starts a LiveKit server and the node, and prints the page's address and a token.
Ctrl-C ends all of it.

  --logs   show the whole log of the node, not only warnings and errors

LiveKit: LIVEKIT_URL with LIVEKIT_API_KEY and LIVEKIT_API_SECRET where set, else livekit-server on PATH,
else Docker, else a build with Go. HOST, PORT and the other settings are in .env.example.
`;

const args = process.argv.slice(2);
const unknown = args.filter((arg) => !['--logs', '--help', '-h'].includes(arg));
if (unknown.length > 0) {
  process.stderr.write(`scripts/up: unknown argument '${unknown[0]}'\n\n${HELP}`);
  process.exit(2);
}
if (args.length > 0 && !args.includes('--logs')) {
  process.stdout.write(HELP);
  process.exit(0);
}

const { up } = await import('./lib/up-run.mjs');
process.exit(await up({ all: args.includes('--logs') }));
