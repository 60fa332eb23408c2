import { type ExecFileException, execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let checkout: string;

/** A checkout in miniature, with a space in its path, whose node only tells its arguments. */
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'voice node '));
  cpSync(join(root, 'scripts'), join(checkout, 'scripts'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) cpSync(join(root, name), join(checkout, name));
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  source(`process.stdout.write(JSON.stringify(process.argv.slice(2)));`);
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function source(text: string): void {
  const path = join(checkout, 'voice-node', 'main.ts');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}

interface Outcome {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const command = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(join(checkout, 'scripts', 'voice-node.mjs'), args, { cwd: tmpdir() }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });

test('builds once, on stderr, and again when a source has changed; two at once build once', async () => {
  const both = await Promise.all([command('one'), command('two', 'a b')]);
  expect(both.map(({ stdout }) => stdout)).toEqual(['["one"]', '["two","a b"]']);
  expect(both.filter(({ stderr }) => stderr.includes('building')).length).toBe(1);
  expect(await command('three')).toEqual({ code: 0, stdout: '["three"]', stderr: '' });

  source(`process.stdout.write('changed'); process.exitCode = 3;`);
  expect(await command()).toMatchObject({ code: 3, stdout: 'changed', stderr: expect.stringContaining('built in') as string });
});

test('a source that does not compile: the errors on stderr, exit code 1, and never the old build', async () => {
  expect((await command()).code).toBe(0);
  source(`const x: number = 'text'; process.stdout.write(String(x));`);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, stdout, stderr } = await command();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/main\.ts.*TS2322[\s\S]*The build failed/);
  }
});

test('without sources the build is taken as it is; without packages it says what to run', async () => {
  expect((await command()).code).toBe(0);
  rmSync(join(checkout, 'voice-node'), { recursive: true });
  expect(await command('shipped')).toEqual({ code: 0, stdout: '["shipped"]', stderr: '' });
  rmSync(join(checkout, 'node_modules'));
  expect(await command()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`cd "${checkout}" && npm ci`) as string });
});

test('a build left half done by a process that died does not block the next', async () => {
  mkdirSync(join(checkout, 'dist'));
  const dead = await new Promise<number>((resolve) => {
    const child = execFile('true', () => resolve(child.pid ?? 0));
  });
  writeFileSync(join(checkout, 'dist', '.building'), String(dead));
  expect((await command('on')).stdout).toBe('["on"]');
});
