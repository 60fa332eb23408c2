import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
// @ts-expect-error a configuration, without types of its own
import { doors } from '../../eslint.config.mjs';

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { forbidden: NonNullable<IFlattenedRuleSet['forbidden']>; options: object };

/** [rule, the file that breaks it, what it imports]: one module each, otherwise clean. */
const BROKEN: readonly (readonly [string, string, string])[] = [
  ['no-barrels', 'voice-node/web/uses-barrel.ts', './index.js'],
  ['no-barrels-from', 'voice-node/web/index.ts', './page.js'],
  ['domain-imports-nothing', 'voice-node/domain/a.ts', '../dsp/fir.js'],
  ['domain-imports-nothing', 'voice-node/domain/b.ts', 'zod'],
  ['domain-imports-nothing', 'voice-node/domain/c.ts', 'node:fs'],
  ['dsp-imports-domain', 'voice-node/dsp/a.ts', '../hearing/ear.js'],
  ['dsp-imports-domain', 'voice-node/dsp/b.ts', 'zod'],
  ['dsp-imports-domain', 'voice-node/dsp/c.ts', 'node:perf_hooks'],
  ['hearing-imports-domain-and-dsp', 'voice-node/hearing/a.ts', '../speaking/player.js'],
  ['hearing-imports-domain-and-dsp', 'voice-node/hearing/b.ts', '../providers/vad/silero.js'],
  ['speaking-imports-domain-and-dsp', 'voice-node/speaking/a.ts', '../orchestrators/echo.js'],
  ['speaking-imports-domain-and-dsp', 'voice-node/speaking/b.ts', '../call/core.js'],
  ['orchestrators-imports-domain-and-dsp', 'voice-node/orchestrators/a.ts', '../hearing/ear.js'],
  ['orchestrators-imports-domain-and-dsp', 'voice-node/orchestrators/b.ts', '../platform/clock.js'],
  ['call-imports-rooms', 'voice-node/call/a.ts', '../transports/livekit/room.js'],
  ['call-imports-rooms', 'voice-node/call/b.ts', '../metrics/metrics.js'],
  ['call-imports-rooms', 'voice-node/call/c.ts', 'node:fs'],
  ['adapters-import-domain-and-dsp', 'voice-node/providers/a.ts', '../call/core.js'],
  ['adapters-import-domain-and-dsp', 'voice-node/transports/a.ts', '../metrics/metrics.js'],
  ['adapters-import-domain-and-dsp', 'voice-node/stores/a.ts', '../platform/clock.js'],
  ['adapters-import-domain-and-dsp', 'voice-node/metrics/a.ts', '../node/worker.js'],
  ['adapters-import-domain-and-dsp', 'voice-node/platform/a.ts', '../config.js'],
  ['adapters-import-domain-and-dsp', 'voice-node/robots/a.ts', '../orchestrators/echo.js'],
  ['node-and-web-import-call', 'voice-node/node/a.ts', '../web/page.js'],
  ['node-and-web-import-call', 'voice-node/node/b.ts', '../transports/livekit/room.js'],
  ['node-and-web-import-call', 'voice-node/web/a.ts', '../metrics/metrics.js'],
  ['config-imports-domain', 'voice-node/config.ts', './platform/clock.js'],
  ['nobody-imports-main', 'voice-node/cli/a.ts', '../main.js'],
  ['only-main-imports-config', 'voice-node/node/c.ts', '../config.js'],
  ['only-main-imports-cli', 'voice-node/web/b.ts', '../cli/start.js'],
  ['one-door-rtc-node', 'voice-node/transports/websocket.ts', '@livekit/rtc-node'],
  ['one-door-rtc-node', 'voice-node/main.ts', '@livekit/rtc-node'],
  ['doors-livekit-server-sdk', 'voice-node/transports/livekit/token.ts', 'livekit-server-sdk'],
  ['no-test-code', 'voice-node/cli/b.ts', '../../test/support/tones.js'],
  ['no-test-code', 'voice-node/cli/c.ts', '../../bench/loop/main.js'],
  ['no-dev-packages', 'voice-node/cli/d.ts', 'vitest'],
  ['no-unresolvable', 'voice-node/cli/e.ts', './nowhere.js'],
];

/** Imports as they should be, one from every room: none may be reported. */
const SOUND: readonly (readonly [string, string])[] = [
  ['voice-node/dsp/fir.ts', '../domain/audio.js'],
  ['voice-node/hearing/ear.ts', '../dsp/fir.js'],
  ['voice-node/speaking/player.ts', '../dsp/fir.js'],
  ['voice-node/orchestrators/echo.ts', '../domain/audio.js'],
  ['voice-node/call/core.ts', '../hearing/ear.js'],
  ['voice-node/providers/vad/silero.ts', 'undici'],
  ['voice-node/transports/livekit/room.ts', '@livekit/rtc-node'],
  ['voice-node/metrics/metrics.ts', 'prom-client'],
  ['voice-node/platform/clock.ts', 'node:perf_hooks'],
  ['voice-node/node/worker.ts', '../call/core.js'],
  ['voice-node/web/page.ts', 'livekit-server-sdk'],
  ['voice-node/cli/start.ts', '../providers/vad/silero.js'],
];

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A checkout in miniature: the targets, one broken file per case, and cycles of both kinds. */
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'voice-node-imports-')));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['package.json', 'tsconfig.json']) symlinkSync(join(root, name), join(folder, name));
  for (const path of ['voice-node/domain/audio.ts', 'test/support/tones.ts', 'bench/loop/main.ts']) write(path, 'export const x = 1;\n');
  for (const [path, target] of SOUND) write(path, `import * as it from '${target}';\nexport const x = it;\n`);
  for (const [, path, target] of BROKEN) write(path, `import * as it from '${target}';\nexport const x = it;\n`);
  write('voice-node/stores/ring-a.ts', `import { b } from './ring-b.js';\nexport const a = (): unknown => b;\n`);
  write('voice-node/stores/ring-b.ts', `import { a } from './ring-a.js';\nexport const b = (): unknown => a;\n`);
  write('voice-node/stores/types-a.ts', `import type { B } from './types-b.js';\nexport interface A { b: B }\n`);
  write('voice-node/stores/types-b.ts', `import type { A } from './types-a.js';\nexport interface B { a: A }\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('import rules', () => {
  let violations: { rule: string; from: string; to: string }[];
  beforeAll(async () => {
    const { output } = await cruise(['voice-node'], { ...config.options, baseDir: folder, validate: true, ruleSet: { forbidden: config.forbidden } });
    violations = (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  }, 60_000);

  test.each(BROKEN)('%s: %s may not import %s', (rule, path) => {
    expect(violations.filter(({ from }) => from === path).map((violation) => violation.rule)).toContain(rule);
  });

  test.each(['ring', 'types'])('no-cycles: a cycle of %s', (name) => {
    expect(violations.filter(({ rule }) => rule === 'no-cycles').map(({ from }) => from)).toContain(`voice-node/stores/${name}-a.ts`);
  });

  test('what is allowed is not reported', () => {
    const sound = new Set(SOUND.map(([path]) => path));
    expect(violations.filter(({ from, rule }) => sound.has(from) && rule !== 'no-cycles')).toEqual([]);
  });

  test('every rule is proved here', () => {
    const proved = new Set([...BROKEN.map(([rule]) => rule), 'no-cycles']);
    expect(config.forbidden.map(({ name }) => name).filter((name) => name === undefined || !proved.has(name))).toEqual([]);
  });
});

describe('one door for the environment, clocks and timers', () => {
  const linter = new Linter({ configType: 'flat', cwd: root });
  const lint = (path: string, code: string): string[] =>
    linter
      .verify(code, [{ files: ['**/*.ts'], languageOptions: { parser } }, ...(doors as Linter.Config[])] as Linter.Config[], join(root, path))
      .map(({ ruleId, message }) => ruleId ?? message);

  const TIME = ['setTimeout(f, 1)', 'setInterval(f, 1)', 'setImmediate(f)', 'Date.now()', 'new Date()', 'performance.now()', 'process.hrtime()', 'AbortSignal.timeout(5)', 'globalThis.setTimeout(f, 1)', `import { setTimeout as s } from 'node:timers/promises'`, `import { performance as p } from 'node:perf_hooks'`];
  const ENVIRONMENT = ['process.env.PORT', 'const { env } = process', `import { env } from 'node:process'`];

  test.each([...TIME, ...ENVIRONMENT])('%s is refused in a room', (code) => {
    expect(lint('voice-node/call/core.ts', code)).not.toEqual([]);
    expect(lint('voice-node/main.ts', code)).not.toEqual([]);
  });

  test('the doors are open: config reads the environment, clock.ts the time, and neither the other', () => {
    for (const code of ENVIRONMENT) {
      expect(lint('voice-node/config.ts', code)).toEqual([]);
      expect(lint('voice-node/platform/clock.ts', code)).not.toEqual([]);
    }
    for (const code of TIME) {
      expect(lint('voice-node/platform/clock.ts', code)).toEqual([]);
      expect(lint('voice-node/config.ts', code)).not.toEqual([]);
    }
  });

  test('a record of a moment that is passed in is no clock', () => {
    expect(lint('voice-node/call/core.ts', 'new Date(wallMs).toISOString()')).toEqual([]);
  });
});
