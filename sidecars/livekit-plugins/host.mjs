// Runs plugins of @livekit/agents for voice-node, which starts it with an IPC channel:
//   node host.mjs <folder where scripts/livekit-plugins has installed them>
// Their environment is this process's; what crashes here takes no call with it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { toFault } from './faults.mjs';
import { answer } from './llm.mjs';
import { Objects } from './objects.mjs';
import { Stream } from './stream.mjs';
import { listen } from './stt.mjs';
import { speak } from './tts.mjs';

const WORK = { stt: listen, llm: answer, tts: speak };
const BUG_EXIT_CODE = 70;

if (process.send === undefined) {
  process.stderr.write('host.mjs is started by voice-node, with an IPC channel\n');
  process.exit(2);
}

// A node that is told to stop still wants to say its last sentence: we go when it goes.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));
// A stream that was closed rejects promises nobody waits for; its error has been told by an event.
process.on('unhandledRejection', () => {});
process.on('uncaughtException', (error) => {
  process.send({ t: 'fatal', fault: toFault(error) }, () => process.exit(BUG_EXIT_CODE));
});

// The callback makes a channel that has just closed no exception of its own.
const send = (message) => process.send(message, () => {});
const streams = new Map();

async function start(folder) {
  const { load } = await import(pathToFileURL(join(folder, 'load.mjs')).href);
  const [agents, rtc] = await Promise.all([load('@livekit/agents'), load('@livekit/rtc-node')]);
  // Its log repeats what callers say.
  agents.initializeLogger({ pretty: false, level: 'silent' });
  send({ t: 'ready' });
  return { agents, rtc, objects: new Objects(load) };
}

const started = start(process.argv[2] ?? '.');
started.catch((error) => process.send({ t: 'fatal', fault: toFault(error) }, () => process.exit(1)));

async function open(message) {
  const stream = new Stream(message.id, send, () => streams.delete(message.id));
  streams.set(message.id, stream);
  try {
    const { agents, rtc, objects } = await started;
    const made = await objects.get(message);
    if (!stream.signal.aborted) await objects.use(made, stream, (object) => WORK[message.kind](stream, { object, agents, rtc }, message.body));
    stream.end();
  } catch (error) {
    stream.fail(toFault(error));
  }
}

/** Makes what the first request will need. */
async function warm(message) {
  const { objects } = await started;
  await objects.get(message);
}

process.on('message', (message) => {
  const stream = streams.get(message.id);
  switch (message.t) {
    case 'ping':
      return send({ t: 'pong' });
    case 'warm':
      return void warm(message).catch(() => undefined);
    case 'open':
      return void open(message);
    case 'push':
      return stream?.push(message.item);
    case 'finish':
      return stream?.finish();
    case 'ack':
      return stream?.acknowledge(message.count);
    case 'abort':
      return stream?.drop();
  }
});
