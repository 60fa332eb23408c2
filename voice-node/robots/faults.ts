import type { z } from 'zod';

/** One thing that is wrong with a robot's folder. */
export interface Fault {
  /** Such as `shop/config.json`. */
  readonly file: string;
  /** Where in the file, such as `vad.min_speech_ms`; '' where it is the whole file. */
  readonly path: string;
  /** What was expected and what came. */
  readonly message: string;
}

export const faultText = ({ file, path, message }: Fault): string => `${file}: ${path === '' ? '' : `${path}: `}${message}`;

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/**
 * What zod is to say where the schema has no words of its own; passed to the parse. The value that came is
 * added by `faultsOf`.
 */
export function expectation(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kind(issue.expected)}`;
    case 'invalid_value':
      return `expected ${anyOf(issue.values)}`;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options) ? `expected ${anyOf(issue.options)}` : undefined;
    case 'too_small':
      return `expected ${bound(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `expected ${bound(issue.origin, 'at most', Number(issue.maximum))}`;
    default:
      return undefined;
  }
}

/** The faults of `json`, which is what was written in `file`, in the words of `expectation`. */
export function faultsOf(file: string, json: unknown, issues: readonly Issue[]): Fault[] {
  return issues.flatMap((issue) => {
    const path = asWritten(json, issue.path);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ file, path: join([...path, key]), message: `unknown key${hint(key)}` }));
    return [{ file, path: join(path), message: `${wording(issue)}, got ${shown(path.at(-1), valueOf(issue))}` }];
  });
}

/** What came where the issue says. */
function valueOf(issue: Issue): unknown {
  if (issue.code === 'invalid_key') return issue.path.at(-1);
  // For a discriminator zod hands over the whole object.
  const { input } = issue;
  if (issue.code !== 'invalid_union' || issue.discriminator === undefined || typeof input !== 'object' || input === null) return input;
  return Object.entries(input).find(([key]) => key === issue.discriminator)?.[1];
}

function wording(issue: Issue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'expected another name';
  if (issue.code !== 'invalid_union' || issue.message.startsWith('expected')) return issue.message;
  const each = issue.errors.flatMap((errors) => errors.slice(0, 1)).map(({ message }) => message.replace(/^expected /, ''));
  return `expected ${[...new Set(each)].join(' or ')}`;
}

/** Where one provider stands for a list, the schema has made a list of it: nobody wrote that index. */
function asWritten(json: unknown, path: readonly PropertyKey[]): PropertyKey[] {
  let at = json;
  const written: PropertyKey[] = [];
  for (const key of path) {
    if (typeof key === 'number' && !Array.isArray(at)) continue;
    written.push(key);
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return written;
}

const join = (path: readonly PropertyKey[]): string => path.map((key) => String(key).slice(0, 80)).join('.');

/** Keys are written like_this; whoever writes likeThis gets a hint. */
function hint(key: string): string {
  const snake = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_').toLowerCase();
  return snake === key ? '' : `; keys are written like ${snake.slice(0, 80)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object {...}',
  record: 'an object {...}',
  array: 'a list [...]',
};
const kind = (name: string): string => KINDS[name] ?? name;

const anyOf = (values: readonly unknown[]): string => `${values.length > 1 ? 'one of ' : ''}${values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ')}`;

function bound(origin: string, which: string, limit: number): string {
  if (origin === 'string') return limit === 1 ? 'a text that is not empty' : `${which} ${limit} characters`;
  if (origin === 'array') return `${which} ${limit} of them`;
  return `${which} ${limit}`;
}

/** A value as it may be shown: not a page long, no password in a URL, and no key that was put where its name belongs. */
export function shown(key: PropertyKey | undefined, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    if (/key|secret|token|password/i.test(String(key ?? ''))) return `${value.length} characters`;
    const clean = value.replace(/\/\/[^/]*@/, '//[hidden]@');
    return clean.length > 60 ? `${JSON.stringify(clean.slice(0, 60))}... (${value.length} characters)` : JSON.stringify(clean);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
