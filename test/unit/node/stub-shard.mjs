// A shard's process that misbehaves as its argument says, once a call begins (or at once), for tests of who watches it.
//   silent    never gets ready          rude     says things that no protocol knows, then is as good as any
//   stuck     its event loop stands     exits    ends itself with code 7
//   last      tells an end, then dies   cut      closes the channel and lives on
//   stubborn  does not stop             mute     tells no metrics
//   foreign   tells of calls that it was never given
const manner = process.argv[2];
const vitals = { lateShare: 0, loopP99Ms: 1, utilisation: 0, cpu: 0, residentBytes: process.memoryUsage.rss(), calls: [] };
const say = (message, then) => process.send(message, undefined, undefined, then);
const said = (callId, text, then) => say({ type: 'said', callId, said: { by: 'robot', text } }, then);

process.on('message', (message) => {
  switch (message.type) {
    case 'begin':
      return begin(message.request);
    case 'metrics':
      if (manner !== 'mute') say({ type: 'metrics', id: message.id, metrics: [{ asked: message.id }] });
      return;
    case 'stop':
      if (manner !== 'stubborn') process.exit(0);
      return;
    default:
      said(message.callId, JSON.stringify(message));
  }
});

function begin({ callId, ...request }) {
  const dead = () => process.kill(process.pid, 'SIGKILL');
  if (manner === 'exits') process.exit(7);
  else if (manner === 'last') say({ type: 'ended', callId, end: 'caller_left' }, dead);
  else if (manner === 'cut') process.disconnect();
  else if (manner === 'stuck') {
    said(callId, 'farewell', () => {
      for (;;);
    });
  } else if (manner === 'foreign') {
    for (const type of ['said', 'identity', 'ended']) say({ type, callId: 'nobody', said: { by: 'robot', text: 'boo' }, identity: 'boo', end: 'idle' });
    said(callId, 'mine');
  } else {
    said(callId, `began ${JSON.stringify(request)}`);
  }
}

// It lives, whatever becomes of its channel.
setInterval(() => undefined, 60_000);
if (manner === 'rude') {
  for (const message of ['hello', 42, { type: 'dance' }, { type: 'vitals', vitals: { lateShare: 'much' } }, { type: 'ended', callId: 'x', end: 'bored' }]) say(message);
}
if (manner !== 'silent') {
  say({ type: 'ready' });
  say({ type: 'vitals', vitals });
}
