export type Variables = Readonly<Record<string, string | undefined>>;

/** How much of a plugin's name its variables begin with: elevenlabs reads ELEVEN_API_KEY. */
const PREFIX_LETTERS = 4;
/** What reaches a plugin besides: the way to the network. */
const NETWORK = /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR))$/i;

/**
 * What a plugin gets to see of all variables: the robot's own .env, and of the node's environment those whose names
 * begin like the plugin's. Never the keys of the LiveKit server, whatever the plugin is called.
 */
export function pluginEnvironment(plugin: string, robot: Variables, node: Variables): Record<string, string> {
  const prefix = plugin.replaceAll('-', '_').slice(0, PREFIX_LETTERS).toUpperCase();
  const isForIt = (name: string): boolean => NETWORK.test(name) || (prefix.length === PREFIX_LETTERS ? name.startsWith(prefix) : name.startsWith(`${prefix}_`));
  const seen: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(node).filter(([name]) => isForIt(name)), ...Object.entries(robot)]) {
    if (value !== undefined && value !== '' && !name.startsWith('LIVEKIT_')) seen[name] = value;
  }
  return seen;
}
