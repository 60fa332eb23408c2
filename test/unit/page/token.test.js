// @ts-check
import fc from 'fast-check';
import { AccessToken } from 'livekit-server-sdk';
import { describe, expect, it } from 'vitest';
import { checkServerUrl, decodeToken, describeToken, readFragment } from '../../../static/token.js';

/** @param {unknown} claims */
const jwt = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('decodeToken', () => {
  it('reads what the server SDK writes', async () => {
    const token = new AccessToken('key', 'a secret of at least thirty-two characters', { identity: 'Jürgen ☎', ttl: 600 });
    token.addGrant({ roomJoin: true, room: 'küche/1' });
    const info = decodeToken(` ${await token.toJwt()}\n`);
    expect(info).toMatchObject({ room: 'küche/1', identity: 'Jürgen ☎' });
    expect((info?.expiresAtMs ?? 0) - (info?.notBeforeMs ?? 0)).toBe(600_000);
  });

  it('gives null for claims that are not there or of the wrong kind', () => {
    expect(decodeToken(jwt({ video: 'x', sub: 5, exp: 'soon' }))).toEqual({ room: null, identity: null, expiresAtMs: null, notBeforeMs: null });
  });

  it.each(['', 'abc', 'a.b', 'a..c', '.b.c', 'a.b.c.d', 'e30.!!!.c2ln', `e30.${btoa('[1]')}.x`, `e30.${btoa('null')}.x`, `e30.${btoa('{"a":')}.x`])('is null for %j', (text) => {
    expect(decodeToken(text)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `a.${text}.b`), fc.json().map((json) => jwt(json))), (text) => {
      expect(() => decodeToken(text)).not.toThrow();
    }));
  });
});

describe('describeToken', () => {
  const info = { room: 'demo', identity: 'me', expiresAtMs: 1_000_000, notBeforeMs: null };

  it('tells who, where and how long', () => {
    expect(describeToken(info, 1_000_000 - 45_000)).toBe('“me” may join room “demo” for another 45 s.');
    expect(describeToken(info, 1_000_000 - 6 * 3_600_000)).toBe('“me” may join room “demo” for another 6 h.');
    expect(describeToken({ ...info, room: null, identity: null, expiresAtMs: null }, 0)).toBe('A caller may join any room.');
  });

  it('tells that it is over', () => {
    expect(describeToken(info, 1_000_000 + 600_000)).toContain('has expired 10 min ago');
  });
});

it('readFragment takes token, url and robot from behind the #', () => {
  expect(readFragment('#token=a.b-_.c&url=ws%3A%2F%2F127.0.0.1%3A7880&robot=tone')).toEqual({ token: 'a.b-_.c', url: 'ws://127.0.0.1:7880', robot: 'tone' });
  expect(readFragment('')).toEqual({ token: null, url: null, robot: null });
  expect(readFragment('#token=')).toEqual({ token: null, url: null, robot: null });
});

describe('checkServerUrl', () => {
  it.each(/** @type {const} */ ([
    ['ws://127.0.0.1:7880', false, 'ok'],
    ['wss://x.livekit.cloud', true, 'ok'],
    [' https://x.livekit.cloud ', true, 'ok'],
    ['', false, 'missing'],
    ['   ', true, 'missing'],
    ['127.0.0.1:7880', false, 'invalid'],
    ['javascript:alert(1)', false, 'invalid'],
    ['ftp://host', false, 'invalid'],
    ['ws://', false, 'invalid'],
    ['ws://media.example', true, 'mixed'],
    ['ws://127.0.0.1:7880', true, 'ok'],
  ]))('%j on a page that is secure: %j gives %s', (text, secure, expected) => {
    expect(checkServerUrl(text, secure)).toBe(expected);
  });
});
