import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { ProviderError, type ProviderCode, type Vendor } from '../../domain/provider.js';

/** A program on this machine, started without a shell: no argument of it is ever interpreted. */
export interface Program {
  /** Found on PATH, or with its whole path. */
  readonly command: string;
  readonly args: readonly string[];
  /** What to do where it is not there, such as "apt-get install flite". */
  readonly remedy: string;
}

/** Of what a program complains about on standard error. */
const KEPT_BYTES = 2000;
const SHOWN_CHARS = 200;

/** A started program, watched: its end is told once, with how it came. */
export class RunningProgram {
  readonly vendor: Vendor;
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when it is gone and everything it wrote has been read. Never rejects. */
  readonly ended: Promise<void>;
  readonly #program: Program;
  #stderr = '';
  #how: string | undefined;
  #isMissing = false;

  constructor(vendor: Vendor, program: Program) {
    this.vendor = vendor;
    this.#program = program;
    this.child = spawn(program.command, program.args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    this.child.stderr.on('data', (bytes: Buffer) => (this.#stderr = (this.#stderr + bytes.toString('utf8')).slice(-KEPT_BYTES)));
    // A pipe that breaks is told by the program's end.
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error: NodeJS.ErrnoException) => {
        this.#isMissing = error.code === 'ENOENT' || error.code === 'EACCES';
        this.#how ??= `it did not start (${error.code ?? 'unknown'})`;
        resolve();
      });
      this.child.on('close', (code, signal) => {
        this.#how ??= code === null ? `signal ${signal ?? 'unknown'}` : `exit code ${code}`;
        resolve();
      });
    });
  }

  /** Exit code 0. */
  get succeeded(): boolean {
    return this.#how === 'exit code 0';
  }

  /** It was ended by a signal, ours or another's. */
  get wasKilled(): boolean {
    return this.#how?.startsWith('signal') ?? false;
  }

  /** The error of an end that nobody wanted. `expected` is what it should have done. */
  error(code: ProviderCode, expected: string): ProviderError {
    const { command, remedy } = this.#program;
    if (this.#isMissing) return new ProviderError('provider_unreachable', `${this.vendor}: expected the program ${command}, got none that runs; ${remedy}`);
    const complaint = lastLine(this.#stderr);
    return new ProviderError(code, `${this.vendor}: expected ${expected}, got ${this.#how ?? 'its end'} of ${command}${complaint === '' ? '' : ` (${complaint})`}`);
  }

  /** At once: there is nothing in it to save. Idempotent. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Programs put their reason last (a Python traceback). Control characters do not belong in a log. */
const lastLine = (text: string): string =>
  (text.trim().split('\n').at(-1) ?? '')
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .slice(0, SHOWN_CHARS);
