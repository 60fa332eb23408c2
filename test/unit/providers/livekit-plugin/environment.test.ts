import { expect, it } from 'vitest';
import { pluginEnvironment } from '../../../../voice-node/providers/livekit-plugin/environment.js';

const node = {
  DEEPGRAM_API_KEY: 'd', ELEVEN_API_KEY: 'e', OPENAI_API_KEY: 'o', LIVEKIT_API_SECRET: 'secret', LMNT_API_KEY: 'l', HTTPS_PROXY: 'http://proxy', PATH: '/bin', EMPTY: '', XAI_API_KEY: 'x', XAIRE: 'no',
};

it.each([
  ['deepgram', { DEEPGRAM_API_KEY: 'd' }],
  ['elevenlabs', { ELEVEN_API_KEY: 'e' }],
  ['lmnt', { LMNT_API_KEY: 'l' }],
  ['xai', { XAI_API_KEY: 'x' }],
  ['livekit', {}],
])('shows the plugin %s its own variables and the way to the network', (plugin, own) => {
  expect(pluginEnvironment(plugin, {}, node)).toEqual({ ...own, HTTPS_PROXY: 'http://proxy' });
});

it('shows it all of the robot’s own variables, before those of the node', () => {
  expect(pluginEnvironment('deepgram', { DEEPGRAM_API_KEY: 'mine', OTHER: 'x', LIVEKIT_URL: 'ws://x' }, node)).toEqual({ DEEPGRAM_API_KEY: 'mine', OTHER: 'x', HTTPS_PROXY: 'http://proxy' });
});
