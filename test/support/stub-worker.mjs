// A worker that does as it is told by the words of its argument, for tests of the pool.
//   echo   answers each utterance with the bytes of audio it heard; a partial result for each frame
//   mute   never answers anything but the first hello
//   rude   a line that is no JSON where the final result belongs
//   dies   ends itself in the middle of an utterance, with a word on standard error
//   stuck  like mute, and does not even drop what nobody wants
//   chatty a line without end
//   early  speaks before it is asked
const manner = process.argv[2];
const say = (type, fields = {}) => process.stdout.write(`${JSON.stringify({ type, pid: process.pid, ...fields })}\n`);

if (manner === 'stillborn') {
  process.stderr.write('Traceback\nModuleNotFoundError: no module of that name\n');
  process.exit(3);
}
say('hello');
if (manner === 'early') say('partial', { text: 'nobody asked' });
let rest = Buffer.alloc(0);
let heard = 0;
process.stdin.on('end', () => process.exit(0));
process.stdin.on('data', (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32LE(1)) {
    const length = rest.readUInt32LE(1);
    take(String.fromCharCode(rest[0]), rest.subarray(5, 5 + length));
    rest = rest.subarray(5 + length);
  }
});

function take(kind, payload) {
  if (manner === 'stuck') return;
  if (kind === 'X') return say('dropped');
  if (manner === 'mute') return;
  if (kind === 'S') heard = 0;
  if (kind === 'A') {
    heard += payload.length;
    if (manner === 'dies') {
      process.stderr.write('Segmentation fault\n');
      process.kill(process.pid, 'SIGKILL');
    }
    say('partial', { text: `${heard} bytes` });
  }
  if (kind !== 'E') return;
  if (manner === 'rude') process.stdout.write('final result: hello\n');
  else if (manner === 'chatty') process.stdout.write('x'.repeat(200_000));
  else if (manner === 'sorry') say('failed', { text: 'this model cannot' });
  else say('final', { text: `${heard} bytes by ${process.pid}` });
}
