// What sidecars/livekit-plugins/host.mjs is given instead of real packages: as much of @livekit/agents 1.9.0 as
// it touches, and a plugin whose options say what it does.
import { fake } from './plugin.mjs';

class Item {
  constructor(type, fields) {
    Object.assign(this, { type }, fields);
  }
}
const made = (type) => ({ create: (fields) => new Item(type, fields) });

const SpeechEventType = { START_OF_SPEECH: 0, INTERIM_TRANSCRIPT: 1, FINAL_TRANSCRIPT: 2, END_OF_SPEECH: 3 };

const MODULES = {
  '@livekit/agents': {
    initializeLogger() {},
    stt: { SpeechEventType },
    llm: {
      ChatContext: class {
        constructor(items) {
          this.items = items;
        }
      },
      ToolContext: class {
        constructor(tools) {
          this.tools = tools;
        }
      },
      ChatMessage: made('message'),
      FunctionCall: made('function_call'),
      FunctionCallOutput: made('function_call_output'),
      tool: (spec) => spec,
    },
  },
  '@livekit/rtc-node': {
    AudioFrame: class {
      constructor(data, sampleRate, channels, samplesPerChannel) {
        Object.assign(this, { data, sampleRate, channels, samplesPerChannel });
      }
    },
  },
  '@livekit/agents-plugin-fake': fake,
  '@livekit/agents-plugin-voiceless': { LLM: fake.LLM },
};

export const load = async (name) => {
  if (MODULES[name] === undefined) throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
  return MODULES[name];
};
