const WITHIN_MS = 500;

/** A worker's Prometheus samples without their values; none while the worker is down or suspended. */
export async function samplesOf(metricsAddress: string): Promise<string[]> {
  try {
    const answer = await fetch(`http://${metricsAddress}/metrics`, { signal: AbortSignal.timeout(WITHIN_MS) });
    const lines = (await answer.text()).split('\n');
    return lines.map((line) => line.replace(/ \S+$/, ''));
  } catch {
    return [];
  }
}
