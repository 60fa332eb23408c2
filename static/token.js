// @ts-check

/**
 * What an access token says of itself. Nothing here is verified: only the server can do that. It serves to
 * show the room and to explain a refusal.
 * @typedef {{ room: string | null, identity: string | null, expiresAtMs: number | null, notBeforeMs: number | null }} TokenInfo
 */

/** @param {unknown} value */
const textOrNull = (value) => (typeof value === 'string' && value !== '' ? value : null);

/** @param {unknown} value seconds since 1970 (RFC 7519 §2, NumericDate) */
const dateOrNull = (value) => (typeof value === 'number' && Number.isFinite(value) ? value * 1000 : null);

/**
 * Decodes base64url (RFC 4648 §5) to text.
 * @param {string} part
 */
function decodePart(part) {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

/**
 * Reads the claims of a LiveKit access token (a JWT, RFC 7519). Returns null for anything that is none.
 * @param {string} token
 * @returns {TokenInfo | null}
 */
export function decodeToken(token) {
  const parts = token.trim().split('.');
  const payload = parts[1];
  if (parts.length !== 3 || !payload || parts.includes('')) return null;
  try {
    const claims = JSON.parse(decodePart(payload));
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return null;
    const video = typeof claims.video === 'object' && claims.video !== null ? claims.video : {};
    return {
      room: textOrNull(video.room),
      identity: textOrNull(claims.sub),
      expiresAtMs: dateOrNull(claims.exp),
      notBeforeMs: dateOrNull(claims.nbf),
    };
  } catch {
    return null;
  }
}

/**
 * One line for people: who may join what, and for how long.
 * @param {TokenInfo} info
 * @param {number} nowMs wall clock
 */
export function describeToken(info, nowMs) {
  const who = info.identity === null ? 'A caller' : `“${info.identity}”`;
  const where = info.room === null ? 'any room' : `room “${info.room}”`;
  if (info.expiresAtMs === null) return `${who} may join ${where}.`;
  const leftMs = info.expiresAtMs - nowMs;
  if (leftMs <= 0) return `${who} might have joined ${where}, but the token has expired ${duration(-leftMs)} ago.`;
  return `${who} may join ${where} for another ${duration(leftMs)}.`;
}

/** @param {number} ms */
function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/**
 * What the page's address may bring along after the `#`: a fragment never leaves the browser, a query does.
 * @param {string} hash `location.hash`
 * @returns {{ token: string | null, url: string | null, robot: string | null }}
 */
export function readFragment(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  return { token: textOrNull(given.get('token')), url: textOrNull(given.get('url')), robot: textOrNull(given.get('robot')) };
}

/**
 * @param {string} text what was typed as the server's address
 * @param {boolean} pageIsSecure whether this page came over https
 * @returns {'ok' | 'missing' | 'invalid' | 'mixed'} mixed: a browser refuses ws:// from an https:// page,
 *   except to this very machine (W3C Mixed Content §4.2)
 */
export function checkServerUrl(text, pageIsSecure) {
  if (text.trim() === '') return 'missing';
  /** @type {URL} */
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return 'invalid';
  }
  if (!['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '') return 'invalid';
  const plain = url.protocol === 'ws:' || url.protocol === 'http:';
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return plain && pageIsSecure && !local ? 'mixed' : 'ok';
}
