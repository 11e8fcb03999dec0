/** Requests per second between the first and the last; 0 for fewer than two. @param times Unordered, ms. */
export function ratePerSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const ms = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  return ms > 0 ? ((sorted.length - 1) * 1000) / ms : 0;
}

/** The most requests in any one second. @param times Unordered, ms. */
export function worstSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let worst = 0;
  sorted.forEach((time, last) => {
    while (time - (sorted[first] ?? time) >= 1000) first += 1;
    worst = Math.max(worst, last - first + 1);
  });
  return worst;
}
