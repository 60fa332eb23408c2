import { cacheFolder, loadConfig, type Config } from '../config.js';
import { VoiceNodeError } from '../domain/errors.js';
import { systemClock } from '../platform/clock.js';
import { NodeClient } from './operator-client.js';
import { readRunFile, type RunFile } from './run-file.js';

/** The option all of the operator's commands have. */
export const NODE_OPTIONS = { url: { type: 'string' } } as const;

export interface FoundNode {
  readonly client: NodeClient;
  /** Of the node's process, where it is on this machine and left a run file. */
  readonly pid: number | undefined;
}

/**
 * The node that `--url` names, else the one of this configuration's HOST and PORT. Its token is ADMIN_TOKEN, else what
 * the node wrote down for this user. Throws `argument_invalid` or `config_invalid`.
 */
export function findNode(command: string, url: string | undefined, config: Config = loadConfig()): FoundNode {
  const origin = url === undefined ? originOf(command, config) : originIn(command, url);
  const { hostname, port, protocol } = new URL(origin);
  // A token that was written down for this machine goes to no other.
  const here = isHere(hostname, config.HOST);
  const read = (): RunFile | undefined => (here ? readRunFile(cacheFolder(config), Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port)) : undefined);
  const first = read();
  // A node that is about to end has removed its file, and still answers.
  let last = first;
  const token = (): string | undefined => {
    if (config.ADMIN_TOKEN !== undefined) return config.ADMIN_TOKEN;
    last = read() ?? last;
    return last?.token;
  };
  return { client: new NodeClient({ origin, token }, systemClock), pid: first?.pid };
}

function originOf(command: string, { HOST, PORT }: Config): string {
  if (PORT === 0) throw new VoiceNodeError('argument_invalid', `${command}: PORT is 0, so the node has taken any free port: expected --url http://127.0.0.1:<port>; its log says which`);
  const any: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = any[HOST] ?? HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}

function originIn(command: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol) || parsed.username !== '' || parsed.password !== '' || parsed.pathname !== '/' || parsed.search !== '') {
    throw new VoiceNodeError('argument_invalid', `${command}: --url: expected a node such as http://127.0.0.1:8000, got ${JSON.stringify(url.replace(/\/\/[^/]*@/, '//[hidden]@').slice(0, 80))}`);
  }
  return parsed.origin;
}

function isHere(hostname: string, host: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || /^127\./.test(bare) || bare === host;
}
