/** Node's or undici's error code (`ECONNRESET`, `UND_ERR_SOCKET`): the only part of an error sure to hold no data. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code) ? error.code : undefined;
}
