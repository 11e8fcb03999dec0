import type { ApiError } from '../compliance-api/errors';
import type { FailureKind } from '../domain/failure-kinds';

const KINDS: readonly FailureKind[] = ['cursor-refused', 'query-refused', 'bad-request'];

/** Whether a request was refused because of its cursor. Cursors expire, and servers word that 400 in many ways. */
export const isCursorRefused = ({ kind, status }: ApiError, cursor: string | null): boolean =>
  cursor !== null && status === 400 && KINDS.includes(kind);
