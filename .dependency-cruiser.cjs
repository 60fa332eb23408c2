/**
 * The import rules: which room may know which. The folders under voice-node/ are the rooms;
 * what a room needs from further away is handed to it through a port of domain/.
 */

const room = (...names) => `^voice-node/(${names.join('|')})/`;
const inside = '^voice-node/';
const ADAPTERS = ['transports', 'providers', 'stores', 'metrics', 'platform', 'robots'];
/** The npm package at any depth; a package manager may nest it. */
const npm = (name) => `(^|/)node_modules/${name}/`;

/** A rule by which `from` may reach `allowed` and nothing else at all: no other room, no npm, no node: module. */
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
});

/** A rule by which `from` may reach of our own rooms only `allowed`; npm and node: are free. */
const onlyRooms = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: inside, pathNot: allowed },
});

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    // 1
    forbid('no-cycles', 'No cycles, type imports included.', {}, { circular: true }),
    forbid('no-barrels', 'No index.ts: import the file that has the thing.', {}, { path: '/index\\.ts$', pathNot: 'node_modules' }),
    forbid('no-barrels-from', 'No index.ts: name the file after its idea.', { path: '/index\\.ts$', pathNot: 'node_modules' }, {}),

    // 2
    only('domain-imports-nothing', 'domain is the vocabulary; it imports nothing.', room('domain'), room('domain')),
    only('dsp-imports-domain', 'dsp is pure maths over domain: no npm, no node: modules.', room('dsp'), room('domain', 'dsp')),

    // 3
    ...['hearing', 'speaking', 'orchestrators'].map((name) =>
      only(`${name}-imports-domain-and-dsp`, `${name} meets the other rooms in call only.`, room(name), room('domain', 'dsp', name)),
    ),

    // 4
    only(
      'call-imports-rooms',
      'call joins the rooms and reaches the world through ports.',
      room('call'),
      room('domain', 'dsp', 'hearing', 'speaking', 'orchestrators', 'call'),
    ),
    onlyRooms(
      'adapters-import-domain-and-dsp',
      'Adapters implement ports of domain; they know neither call nor one another.',
      room(...ADAPTERS),
      '^voice-node/(domain|dsp|$1)/',
    ),

    // 5
    onlyRooms('node-and-web-import-call', 'node and web import call and domain.', room('node', 'web'), '^voice-node/(domain|call|$1)/'),
    onlyRooms('config-imports-domain', 'config turns the environment into values; it imports domain only.', '^voice-node/config\\.ts$', room('domain')),
    forbid('nobody-imports-main', 'main wires everything together; nobody imports it.', {}, { path: '^voice-node/main\\.ts$' }),
    forbid(
      'only-main-imports-config',
      'Slices of Config are passed in; only main knows the whole.',
      { path: inside, pathNot: ['^voice-node/(main|config)\\.ts$', room('cli')] },
      { path: '^voice-node/config\\.ts$' },
    ),
    forbid(
      'only-main-imports-cli',
      'The commands are the outermost layer; only main imports them.',
      { path: inside, pathNot: ['^voice-node/main\\.ts$', room('cli')] },
      { path: room('cli') },
    ),

    // 6 (process.env, clocks and timers are ESLint's part)
    forbid(
      'one-door-rtc-node',
      'rtc-node has one door: transports/livekit.',
      { path: inside, pathNot: '^voice-node/transports/livekit/' },
      { path: npm('@livekit/rtc-node') },
    ),
    forbid(
      'doors-livekit-server-sdk',
      'Tokens and room administration belong to node, web and cli.',
      { path: inside, pathNot: room('node', 'web', 'cli') },
      { path: npm('livekit-server-sdk') },
    ),

    // What ships must not lean on what does not.
    forbid('no-test-code', 'The product imports neither tests nor benchmarks.', { path: inside }, { path: '^(test|bench)/' }),
    forbid('no-dev-packages', 'A package the product imports is a dependency.', { path: inside }, { dependencyTypes: ['npm-dev'] }),
    forbid('no-unresolvable', 'The import must exist.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts', '.json', '.node'],
    },
  },
};
