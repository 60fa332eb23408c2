// In place of the process of a turn model: does what the first sample of a question says.
const { engine } = JSON.parse(process.argv[2]);
let questions = 0;

process.on('disconnect', () => process.exit());
process.on('message', ({ id, samples }) => {
  questions++;
  const say = (answer) => process.send({ type: 'answer', id, ...answer });
  switch (samples[0]) {
    case -1:
      return;
    case -2:
      return process.exit(7);
    case -3:
      return say({ reason: 'no such luck' });
    case -4:
      return say({ probability: questions / 1000 });
    default:
      return say({ probability: samples[0] / 1000 });
  }
});
if (engine === 'ends') process.exit(3);
if (engine !== 'mute') process.send({ type: 'ready' });
