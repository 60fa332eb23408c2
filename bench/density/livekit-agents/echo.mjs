// The peer: the same echo (an utterance is said back once it is over) by LiveKit Agents with its Silero plugin, as its
// documentation has it: the model is loaded when a job process is made ready, a process for each call.
import { fileURLToPath } from 'node:url';
import { AgentServer, AutoSubscribe, defineAgent, initializeLogger, ServerOptions, VADEventType } from '@livekit/agents';
import * as silero from '@livekit/agents-plugin-silero';
import { AudioFrame, AudioSource, AudioStream, LocalAudioTrack, RoomEvent, TrackKind, TrackPublishOptions, TrackSource } from '@livekit/rtc-node';

const RATE_HZ = 48_000;

export default defineAgent({
  prewarm: async (proc) => {
    // The same bounds as the node's echo.
    proc.userData.vad = await silero.VAD.load({ minSpeechDuration: 100, minSilenceDuration: 500 });
  },
  entry: async (ctx) => {
    const source = new AudioSource(RATE_HZ, 1, 200);
    const listen = async (track) => {
      const vad = ctx.proc.userData.vad.stream();
      void (async () => {
        for await (const event of vad) {
          if (event.type !== VADEventType.END_OF_SPEECH) continue;
          for (const frame of event.frames) {
            // The stream's frames may be of any length; the source takes what it is given.
            await source.captureFrame(new AudioFrame(frame.data.slice(), frame.sampleRate, frame.channels, frame.samplesPerChannel));
          }
        }
      })();
      for await (const frame of new AudioStream(track, { sampleRate: RATE_HZ, numChannels: 1, frameSizeMs: 20 })) vad.pushFrame(frame);
    };
    ctx.room.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind === TrackKind.KIND_AUDIO) void listen(track);
    });
    await ctx.connect(undefined, AutoSubscribe.AUDIO_ONLY);
    const options = new TrackPublishOptions();
    options.source = TrackSource.SOURCE_MICROPHONE;
    await ctx.room.localParticipant.publishTrack(LocalAudioTrack.createAudioTrack('echo', source), options);
  },
});

// Job processes import this file as well.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [wsURL, apiKey, apiSecret, idle] = process.argv.slice(2);
  initializeLogger({ pretty: false, level: 'error' });
  const server = new AgentServer(
    new ServerOptions({
      agent: fileURLToPath(import.meta.url),
      wsURL,
      apiKey,
      apiSecret,
      // It judges its load by the CPU of the whole machine and would refuse most of the calls beside the server and the callers.
      loadFunc: async () => 0,
      numIdleProcesses: Number(idle),
      production: true,
      port: 0,
      host: '127.0.0.1',
      logLevel: 'error',
    }),
  );
  await server.run();
}
