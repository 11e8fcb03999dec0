import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationConfig } from '../../src/config/destinations';
import type { RecordDestination } from '../../src/destinations/destination';
import { splunkHec, type SplunkHecSettings } from '../../src/destinations/splunk-hec/definition';
import { createSplunkHec } from '../../src/destinations/splunk-hec/splunk-hec';
import { configOf } from './record-deliveries';

export const TOKEN = '7d6f8f5e-0000-4000-8000-token0000000';
export const limits = splunkHec.limits!;
export const signal = AbortSignal.timeout(110_000);

export function settingsOf(url: string, more: Record<string, string> = {}): DestinationConfig {
  const token = 'SPLUNK_HEC_TOKEN_FILE' in more ? {} : { SPLUNK_HEC_TOKEN: TOKEN };
  return configOf({ DESTINATIONS: 'splunk-hec', SPLUNK_HEC_URL: url, ...token, ...more });
}

/** How long was waited for acknowledgements, ms each: in tests nobody waits so long. */
export const pauses: number[] = [];

async function pauseShort(ms: number): Promise<void> {
  pauses.push(ms);
  await sleep(5);
}

export function make(
  url: string,
  more: Record<string, string> = {},
  pause: (ms: number, signal: AbortSignal) => Promise<unknown> = pauseShort,
): RecordDestination {
  const { settings, name, prefix, secrets } = settingsOf(url, more);
  const setting = { name, prefix, secrets, source: 's', build: 'test', proxy: {} };
  return createSplunkHec(settings as SplunkHecSettings, setting, pause);
}
