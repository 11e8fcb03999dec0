const WITHIN_MS = 500;

/** The samples that a worker shows to Prometheus, without their values; none while it is down or stands still. */
export async function samplesOf(metricsAddress: string): Promise<string[]> {
  try {
    const answer = await fetch(`http://${metricsAddress}/metrics`, { signal: AbortSignal.timeout(WITHIN_MS) });
    const lines = (await answer.text()).split('\n');
    return lines.map((line) => line.replace(/ \S+$/, ''));
  } catch {
    return [];
  }
}
