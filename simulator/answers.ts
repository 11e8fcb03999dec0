import type { ServerResponse } from 'node:http';
import type { ApiError } from './errors';

/** Sends a JSON body that is already serialized. */
export function sendJson(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Sends an error in the API's shape. */
export function sendError(response: ServerResponse, error: ApiError): void {
  // Except for the rate limit, a 4xx is permanent: the server tells the client not to retry.
  if (error.status < 500 && error.status !== 429) response.setHeader('x-should-retry', 'false');
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  const requestId = response.getHeader('request-id');
  sendJson(response, error.status, JSON.stringify({ type: 'error', error: error.body, request_id: requestId ?? null }));
}
