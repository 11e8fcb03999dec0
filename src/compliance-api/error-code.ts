/** The code that node or undici gave an error (`ECONNRESET`, `UND_ERR_SOCKET`): the only part of it that is sure to hold no data. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code) ? error.code : undefined;
}
