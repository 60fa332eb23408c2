// @ts-check

import { ProblemError } from './classify.js';
import { problem } from './problems.js';
import { checkServerUrl, decodeToken, describeToken } from './token.js';
import { byId } from './view.js';

const urlInput = byId('url', HTMLInputElement);
const tokenInput = byId('token', HTMLTextAreaElement);
const tokenInfo = byId('token-info', HTMLElement);

/**
 * What was typed or pasted, checked.
 * @returns {{ url: string, token: string, robot: null, sessionId: null }} throws a ProblemError, with the faulty
 *   field marked and focused
 */
export function typedWayIn() {
  const token = tokenInput.value.trim();
  const urlState = checkServerUrl(urlInput.value, location.protocol === 'https:');
  const tokenState = token === '' ? 'missing' : decodeToken(token) === null ? 'malformed' : 'ok';
  urlInput.setAttribute('aria-invalid', String(urlState !== 'ok'));
  tokenInput.setAttribute('aria-invalid', String(tokenState !== 'ok'));
  if (urlState !== 'ok') {
    urlInput.focus();
    throw new ProblemError(problem(`url_${urlState}`));
  }
  if (tokenState !== 'ok') {
    tokenInput.focus();
    throw new ProblemError(problem(`token_${tokenState}`));
  }
  return { url: urlInput.value.trim(), token, robot: null, sessionId: null };
}

/**
 * @param {{ url: string | null, token: string | null }} given null: what stands there stays
 */
export function fillTokenForm({ url, token }) {
  if (url !== null) urlInput.value = url;
  if (token !== null) tokenInput.value = token;
  showTokenInfo();
}

function showTokenInfo() {
  const info = decodeToken(tokenInput.value);
  tokenInfo.textContent = info ? describeToken(info, Date.now()) : '';
}

tokenInput.addEventListener('input', showTokenInfo);
