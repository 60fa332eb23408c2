import { join } from 'node:path';
import { cacheFolder, readEnvironment, ROOT } from '../config.js';
import type { Clock } from '../domain/clock.js';
import type { LanguageModel } from '../domain/llm.js';
import type { Log, Meter } from '../domain/observer.js';
import type { Orchestrator } from '../domain/orchestrator.js';
import type { ProviderLimits } from '../domain/provider.js';
import type { SpeechToText } from '../domain/stt.js';
import type { PhraseStore, TextToSpeech } from '../domain/tts.js';
import { EchoOrchestrator } from '../orchestrators/echo.js';
import { PipelineOrchestrator } from '../orchestrators/pipeline/pipeline.js';
import { RealtimeOrchestrator } from '../orchestrators/realtime/realtime.js';
import { ScriptOrchestrator, type Track } from '../orchestrators/script/script.js';
import { DEFAULT_TONE, ToneOrchestrator } from '../orchestrators/tone.js';
import { pluginEnvironment } from '../providers/livekit-plugin/environment.js';
import { PluginHosts } from '../providers/livekit-plugin/hosts.js';
import type { ResiliencePorts } from '../providers/resilient/attempts.js';
import { DEFAULT_LIMITS, resilientLanguageModel, resilientSpeechToText, resilientTextToSpeech, type Limited } from '../providers/resilient/providers.js';
import { createHttpTools } from '../providers/tools/http.js';
import { CachedVoice } from '../providers/tts/cached.js';
import { usable } from '../robots/requirements.js';
import type { Robot } from '../robots/robot.js';
import type { DeadlinesConfig, LlmConfig, SttConfig, TtsConfig } from '../robots/schema/providers.js';
import type { ConfigOf, ToolConfig } from '../robots/schema/robot.js';
import { PhraseFolder } from '../stores/phrases.js';
import { limitsOf, makeLanguageModel, makeRealtimeModel, makeSpeechToText, makeTextToSpeech, type Workshop } from './provider-maker.js';
import { PHRASE_NAMES, wordsFor } from './robot-phrases.js';
import type { RobotSettings } from './robot-settings.js';

/** The process of a plugin takes this long to come up on a busy machine. */
const PLUGIN_CONNECT_MS = 5000;

/** A robot ready to take calls. */
export interface MadeRobot {
  readonly orchestrator: Orchestrator;
  /** The robot's voice, where it has one of its own. */
  readonly voice: TextToSpeech | undefined;
  close(): void;
}

/** Makes robots: providers from their configs, wrapped with deadlines and fallbacks, and the orchestrator around them. */
export class RobotMaker {
  readonly #settings: RobotSettings;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #phrases: PhraseStore;
  readonly #plugins: PluginHosts;

  constructor(settings: RobotSettings, ports: { readonly clock: Clock; readonly meter: Meter; readonly log: Log }) {
    const { clock, meter, log } = ports;
    const cache = cacheFolder(settings.node);
    this.#settings = settings;
    this.#clock = clock;
    this.#meter = meter;
    this.#log = log;
    this.#phrases = new PhraseFolder(join(cache, 'phrases'), settings.node.PHRASE_CACHE_MB * 1e6, clock, log);
    this.#plugins = new PluginHosts({ hostProgram: join(ROOT, 'sidecars/livekit-plugins/host.mjs'), pluginHostDir: join(cache, 'livekit-plugins'), clock, log });
  }

  /** Throws a VoiceNodeError where a provider refuses its settings. */
  make(robot: Robot): MadeRobot {
    const { config } = robot;
    switch (config.mode) {
      case 'echo':
        return alone(new EchoOrchestrator());
      case 'tone':
        return alone(new ToneOrchestrator(toneOf(config)));
      case 'pipeline':
        return this.#pipeline(robot, config);
      case 'llm_script':
        return this.#script(robot, config);
      case 'realtime':
        return this.#realtime(robot, config);
    }
  }

  #pipeline(robot: Robot, config: ConfigOf<'pipeline'>): MadeRobot {
    const voice = this.#voice(robot, config.tts);
    const tools = this.#tools(config.tools);
    const orchestrator = new PipelineOrchestrator({
      stt: this.#ears(robot, config.stt),
      llm: this.#mind(robot, config.llm),
      tts: voice,
      prompt: robot.prompt,
      language: config.language,
      tools,
      endCall: config.end_call,
      greeting: robot.greeting,
      speculate: config.speculate,
      historyMessages: config.history_messages,
    });
    return { orchestrator, voice, close: closing(orchestrator, tools) };
  }

  #script(robot: Robot, config: ConfigOf<'llm_script'>): MadeRobot {
    const tracks = new Map<string, Track>();
    for (const [name, { description, text }] of Object.entries(config.tracks)) {
      const audio = robot.tracks.get(name);
      if (audio !== undefined) tracks.set(name, { description, text, audio });
    }
    const orchestrator = new ScriptOrchestrator({
      stt: this.#ears(robot, config.stt),
      llm: this.#mind(robot, config.llm),
      tracks,
      fallbackTrack: config.fallback_track,
      prompt: robot.prompt,
      language: config.language,
      greeting: robot.greeting,
      historyMessages: config.history_messages,
    });
    return { orchestrator, voice: undefined, close: closing(orchestrator) };
  }

  #realtime(robot: Robot, config: ConfigOf<'realtime'>): MadeRobot {
    const tools = this.#tools(config.tools);
    const orchestrator = new RealtimeOrchestrator({
      model: makeRealtimeModel(config.realtime, this.#workshop(robot)),
      instructions: robot.prompt,
      language: config.language,
      tools,
      endCall: config.end_call,
      greeting: robot.greeting,
    });
    return { orchestrator, voice: undefined, close: closing(orchestrator, tools) };
  }

  #ears(robot: Robot, list: readonly SttConfig[]): SpeechToText {
    const shop = this.#workshop(robot);
    const { usable: good } = usable('stt', list, this.#settings.around(robot));
    return resilientSpeechToText(good.map((part) => limited(makeSpeechToText(part, shop), DEFAULT_LIMITS.stt, part)), this.#ports);
  }

  #mind(robot: Robot, list: readonly LlmConfig[]): LanguageModel {
    const shop = this.#workshop(robot);
    const { usable: good } = usable('llm', list, this.#settings.around(robot));
    return resilientLanguageModel(good.map((part) => limited(makeLanguageModel(part, shop), DEFAULT_LIMITS.llm, part)), this.#ports);
  }

  #voice(robot: Robot, list: readonly TtsConfig[]): TextToSpeech {
    const shop = this.#workshop(robot);
    const { usable: good } = usable('tts', list, this.#settings.around(robot));
    const known = [robot.greeting?.text, ...PHRASE_NAMES.map((name) => wordsFor(robot, name))].filter((text) => text !== undefined);
    return resilientTextToSpeech(good.map((part) => limited(new CachedVoice(makeTextToSpeech(part, shop), this.#phrases, known), DEFAULT_LIMITS.tts, part)), this.#ports);
  }

  #tools(tools: readonly ToolConfig[]): ReturnType<typeof createHttpTools> | undefined {
    if (tools.length === 0) return undefined;
    return createHttpTools({
      tools: tools.map(({ name, description, parameters, url, timeout_ms: timeoutMs }) => ({ name, description, parameters, url, timeoutMs })),
      allowedOrigins: this.#settings.node.TOOL_URLS,
      clock: this.#clock,
    });
  }

  #workshop(robot: Robot): Workshop {
    const around = this.#settings.around(robot);
    return {
      config: this.#settings.of(robot),
      env: around.env,
      pluginHost: (plugin) => this.#plugins.with(pluginEnvironment(plugin, robot.env, readEnvironment())),
      language: robot.config.language,
      clock: this.#clock,
      meter: this.#meter,
    };
  }

  get #ports(): ResiliencePorts {
    return { clock: this.#clock, meter: this.#meter, log: this.#log, random: Math.random };
  }
}

const alone = (orchestrator: Orchestrator): MadeRobot => ({ orchestrator, voice: undefined, close: () => orchestrator.close?.() });

const closing = (...parts: readonly ({ close?(): void } | undefined)[]) => (): void => {
  for (const part of parts) part?.close?.();
};

function limited<P>(provider: P, usual: ProviderLimits, part: { readonly provider: string; readonly deadlines?: DeadlinesConfig | undefined }): Limited<P> {
  const base = part.provider === 'livekit' ? { ...usual, connectMs: PLUGIN_CONNECT_MS } : usual;
  return { provider, limits: limitsOf(base, part.deadlines) };
}

const toneOf = ({ tone }: ConfigOf<'tone'>) => (tone === undefined ? DEFAULT_TONE : { frequencyHz: tone.frequency_hz, durationMs: tone.duration_ms, levelDbfs: tone.level_dbfs });
