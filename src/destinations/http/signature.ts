import { createHmac } from 'node:crypto';

/**
 * The headers by which a receiver tells that a body is ours and fresh: those of Standard Webhooks 1.0.
 * @param secrets One, or while it is renewed several, separated by white space: `whsec_` and base64, or any other text.
 * @param at Seconds since 1970.
 * @param body As it is sent, compressed if it is.
 */
export function signatureOf(secrets: string, id: string, at: number, body: Uint8Array): Record<string, string> {
  const signatures = secrets
    .trim()
    .split(/\s+/)
    .map((secret) => createHmac('sha256', keyOf(secret)).update(`${id}.${at}.`).update(body).digest('base64'));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signatures.map((signature) => `v1,${signature}`).join(' '),
  };
}

const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
