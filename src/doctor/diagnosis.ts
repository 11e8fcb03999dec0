/** What one check found. */
export interface Diagnosis {
  /** What was looked at, as `key` or `destination http`. */
  check: string;
  grade: 'ok' | 'warn' | 'fail';
  says: string;
  /** What to do about it; empty if all is well. */
  remedy: string;
}

export const ok = (check: string, says: string): Diagnosis => ({ check, grade: 'ok', says, remedy: '' });
export const warn = (check: string, says: string, remedy: string): Diagnosis => ({
  check,
  grade: 'warn',
  says,
  remedy,
});
export const fail = (check: string, says: string, remedy: string): Diagnosis => ({
  check,
  grade: 'fail',
  says,
  remedy,
});

/** The words of our own errors hold their remedy already. */
export const failedBy = (check: string, error: unknown): Diagnosis =>
  fail(check, error instanceof Error ? error.message : 'failed for an unknown reason', '');
