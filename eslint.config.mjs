import tseslint from 'typescript-eslint';

/** Rule 6 of the import rules, the part that is not an import: environment, clocks and timers have one door each. */
const CLOCK = 'Time comes through the Clock port; platform/clock.ts is its only door.';
const ENV = 'The environment is read in config.ts only; pass the value in.';

const environment = {
  properties: [{ object: 'process', property: 'env', message: ENV }],
  imports: [{ name: 'node:process', message: ENV }, { name: 'process', message: ENV }],
};

const time = {
  globals: ['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({ name, message: CLOCK })),
  properties: [
    { object: 'Date', property: 'now', message: CLOCK },
    { object: 'performance', property: 'now', message: CLOCK },
    { object: 'process', property: 'hrtime', message: CLOCK },
    { object: 'AbortSignal', property: 'timeout', message: CLOCK },
    ...['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((property) => ({ object: 'globalThis', property, message: CLOCK })),
  ],
  imports: ['timers', 'timers/promises', 'perf_hooks'].flatMap((name) => [
    { name: `node:${name}`, message: CLOCK },
    { name, message: CLOCK },
  ]),
  syntax: [{ selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK }],
};

/** The doors of rule 6; needs no types, so a test can prove it on bare text. */
export const doors = [
  {
    files: ['voice-node/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...time.globals],
      'no-restricted-properties': ['error', ...environment.properties, ...time.properties],
      'no-restricted-imports': ['error', { paths: [...environment.imports, ...time.imports] }],
      'no-restricted-syntax': ['error', ...time.syntax],
    },
  },
  {
    files: ['voice-node/config.ts'],
    rules: {
      'no-restricted-properties': ['error', ...time.properties],
      'no-restricted-imports': ['error', { paths: time.imports }],
    },
  },
  {
    files: ['voice-node/platform/{clock,virtual-clock,vitals}.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': ['error', ...environment.properties],
      'no-restricted-imports': ['error', { paths: environment.imports }],
      'no-restricted-syntax': 'off',
    },
  },
];

/** What any JavaScript here has to keep to; the compiler sees to the rest in TypeScript. */
const common = {
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-var': 'error',
  'prefer-const': 'error',
  'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
  'no-dupe-else-if': 'error',
  'no-duplicate-case': 'error',
  'no-empty': 'error',
  'no-eval': 'error',
  'no-fallthrough': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-self-assign': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-unused-labels': 'error',
  'no-useless-catch': 'error',
  'use-isnan': 'error',
  'valid-typeof': 'error',
  'max-lines': ['error', 300],
};

const typed = {
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/ban-ts-comment': 'error',
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

const names = (list) => Object.fromEntries(list.trim().split(/\s+/).map((name) => [name, 'readonly']));

const nodeGlobals = names(`
  process console Buffer URL URLSearchParams AbortController AbortSignal TextDecoder TextEncoder fetch
  setTimeout clearTimeout setInterval clearInterval setImmediate performance structuredClone WebSocket`);

const browserGlobals = names(`
  window document navigator location history localStorage sessionStorage console fetch URL URLSearchParams
  AbortController AbortSignal TextDecoder TextEncoder setTimeout clearTimeout setInterval clearInterval
  requestAnimationFrame cancelAnimationFrame performance matchMedia devicePixelRatio getComputedStyle
  AudioContext AnalyserNode AudioWorkletNode MediaStream MediaStreamTrack ResizeObserver IntersectionObserver
  Element HTMLElement Option Image addEventListener removeEventListener Event CustomEvent EventTarget KeyboardEvent DOMException
  queueMicrotask structuredClone crypto atob btoa WebSocket Blob Response Request Headers customElements
  globalThis`);

const elementGlobals = names(
  'Anchor Audio Button Canvas Details Dialog Div Form Input LI Label Media OList Option Output Select Span Table TableCell TableRow TableSection Template TextArea UList'
    .split(' ')
    .map((kind) => `HTML${kind}Element`)
    .join(' '),
);

const workletGlobals = names('AudioWorkletProcessor registerProcessor sampleRate currentTime currentFrame');

const script = (files, globals) => ({
  files,
  languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals },
  rules: { ...common, 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
});

export default [
  { ignores: ['dist/', 'node_modules/', '.cache/', 'test-results/', 'bench/results/', 'static/vendor/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: { ...common, ...typed },
  },
  {
    files: ['voice-node/**/*.ts'],
    rules: { 'no-console': 'error', 'max-lines-per-function': ['error', { max: 70 }] },
  },
  ...doors,
  script(['scripts/**/*.mjs', 'sidecars/**/*.mjs', '*.mjs', 'test/**/*.mjs'], nodeGlobals),
  script(['static/**/*.js'], { ...browserGlobals, ...elementGlobals, ...workletGlobals }),
  script(['test/**/*.js'], { ...nodeGlobals, ...browserGlobals }),
  {
    files: ['**/*.cjs'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'commonjs', globals: { ...nodeGlobals, ...names('module require __dirname __filename') } },
    rules: { ...common, 'no-undef': 'error' },
  },
];
