// @ts-check
import { ConnectionErrorReason } from 'livekit-client';
import { describe, expect, it } from 'vitest';
import { apiProblem, endProblem, joinProblem, micProblem, ProblemError, REASONS } from '../../../static/classify.js';
import { faultWords, nodeProblem, NODE_ERROR_CODES, problem, PROBLEM_CODES } from '../../../static/problems.js';

const NOW_MS = 1_700_000_000_000;
const VALID = { room: 'x', identity: 'me', expiresAtMs: NOW_MS + 60_000, notBeforeMs: null };
const EXPIRED = { ...VALID, expiresAtMs: NOW_MS - 60_000 };

/**
 * An error as Room.connect rejects with it: whatever the inner reason was, the name stays ServerUnreachable.
 * @param {keyof typeof ConnectionErrorReason} reason
 * @param {string} message
 * @param {number} [status]
 */
const connectionError = (reason, message, status) =>
  Object.assign(new Error(`could not establish signal connection: ${message}`), { name: 'ConnectionError', reason: ConnectionErrorReason[reason], reasonName: 'ServerUnreachable', status });

it('knows the library’s reasons by their numbers', () => {
  expect(REASONS.map((_, number) => ConnectionErrorReason[number])).toEqual([...REASONS]);
});

describe('every problem', () => {
  it.each(PROBLEM_CODES)('%s says what happened and what to do', (code) => {
    const { title, what, todo, severity } = problem(code);
    expect(problem(code).code).toBe(code);
    expect(title.length).toBeGreaterThan(5);
    expect(what).toMatch(/[.]$/);
    expect(todo).toMatch(/[.]$/);
    expect(['error', 'warning']).toContain(severity);
  });

  it('shows what others said, bounded and without a token', () => {
    expect(problem('api_failed', 'no robot').what).toContain('(no robot)');
    expect(problem('api_failed', 'x'.repeat(5000)).what.length).toBeLessThan(400);
    expect(problem('token_refused', 'invalid token: eyJhbGciOi.eyJzdWIi-_x.c2ln, error').what).toContain('(invalid token: …, error)');
    expect(problem('token_refused', 'invalid token: eyJhbGciOi.eyJzdWIi-_x.c2ln').what).not.toContain('eyJ');
  });

  it('of an unknown code is unknown, inherited names included', () => {
    for (const code of ['nonsense', 'constructor', '__proto__']) expect(problem(code).code).toBe('unknown');
  });
});

it('the microphone’s failures have their own words', () => {
  const codes = ['NotAllowedError', 'SecurityError', 'NotFoundError', 'OverconstrainedError', 'NotReadableError', 'DeviceUnsupportedError', 'OddError'];
  expect(codes.map((name) => micProblem(Object.assign(new Error('x'), { name })).code)).toEqual([
    'mic_refused', 'mic_refused', 'mic_missing', 'mic_missing', 'mic_busy', 'insecure_context', 'mic_failed',
  ]);
});

describe('joinProblem', () => {
  it.each([
    ['token_refused', connectionError('NotAllowed', 'invalid token: error in cryptographic primitive', 401), VALID],
    ['token_expired', connectionError('NotAllowed', 'invalid token, error: token is expired (exp)', 401), VALID],
    ['token_expired', connectionError('NotAllowed', 'invalid token', 401), EXPIRED],
    ['room_missing', connectionError('NotAllowed', 'requested room does not exist', 404), VALID],
    ['room_full', connectionError('WebSocket', 'Encountered websocket error during connection establishment'), VALID],
    ['server_unreachable', connectionError('ServerUnreachable', 'Failed to fetch'), VALID],
    ['server_unreachable', connectionError('Timeout', 'room connection has timed out (signal)'), VALID],
    ['server_unreachable', new DOMException('late', 'TimeoutError'), VALID],
    ['media_blocked', connectionError('InternalError', 'could not establish pc connection'), VALID],
    ['server_failed', connectionError('InternalError', 'odd first message'), VALID],
    ['unknown', new Error('what?'), null],
    ['unknown', null, null],
  ])('%s', (code, error, token) => {
    expect(joinProblem(error, token, NOW_MS).code).toBe(code);
  });

  it('leaves an error that knows its words alone', () => {
    const known = problem('mic_refused');
    expect(joinProblem(new ProblemError(known), null, NOW_MS)).toBe(known);
  });
});

it.each([
  [503, { error: { code: 'at_capacity', message: 'full' } }, 'api_busy', 'full'],
  [429, null, 'api_busy', 'HTTP 429'],
  [404, { error: { code: 'robot_unknown', message: 'expected echo, got x' } }, 'api_refused', 'expected echo, got x'],
  [503, { error: { code: 'robot_unavailable', message: 'OPENAI_API_KEY is missing' } }, 'robot_unavailable', 'OPENAI_API_KEY is missing'],
  [500, '<html>', 'api_failed', 'HTTP 500'],
  [502, { error: null }, 'api_failed', 'HTTP 502'],
])('apiProblem of %i', (status, body, code, detail) => {
  const found = apiProblem(status, body);
  expect(found.code).toBe(code);
  expect(found.what).toContain(detail);
});

it('a call that the caller ended is no problem, any other end is', () => {
  expect(endProblem('CLIENT_INITIATED')).toBeNull();
  expect(['DUPLICATE_IDENTITY', 'SERVER_SHUTDOWN', 'PARTICIPANT_REMOVED', 'ROOM_DELETED', 'ROOM_CLOSED', 'SIGNAL_CLOSE', 'UNKNOWN_REASON'].map((reason) => endProblem(reason)?.code)).toEqual([
    'superseded', 'server_shutdown', 'removed', 'room_closed', 'room_closed', 'connection_lost', 'connection_lost',
  ]);
});

it('the node’s own errors come in words, with its message beside them', () => {
  const known = nodeProblem({ code: 'answer_timeout', message: 'expected audio within 8000 ms, got none' });
  expect(known).toMatchObject({ code: 'node_error', severity: 'warning' });
  expect(known.what).toBe('The robot took too long for an answer. (answer_timeout: expected audio within 8000 ms, got none)');
  expect(nodeProblem({ code: 'toString', message: 'm' }).what).toContain('Something failed on its side.');
});

it('each code of the node says in a sentence why a turn failed, and what to do', () => {
  expect(NODE_ERROR_CODES).toContain('provider_gap_timeout');
  for (const code of NODE_ERROR_CODES) {
    expect(faultWords(code)).toMatch(/^[A-Z].{10,}[.]$/);
    expect(nodeProblem({ code, message: 'm' }).todo).toMatch(/^[A-Z].{5,}[.]$/);
  }
  expect(new Set(NODE_ERROR_CODES.map(faultWords)).size, 'no two alike').toBe(NODE_ERROR_CODES.length);
  for (const code of [null, 'constructor', 'of_a_newer_node']) expect(faultWords(code)).toBe('The robot could not answer.');
});
