import type { SimulatorOptions } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import { startGateway, type Gateway, type OwnAnswer, type Page } from './gateway';
import { startSource, type SourceUnderTest } from './source-under-test';

export interface SourceBehindGateway extends SourceUnderTest {
  /** What the gateway does from now on; nothing if left out. */
  setGateway(change?: (page: Page, asked: URL) => OwnAnswer | void): void;
}

/** A source whose requests pass a gateway. */
export async function startBehindGateway(
  simulator: SimulatorOptions,
  settings: Environment = {},
): Promise<SourceBehindGateway> {
  let change: (page: Page, asked: URL) => OwnAnswer | void = () => undefined;
  const holder: { under?: SourceUnderTest } = {};
  const gateway: Gateway = await startGateway(
    () => holder.under?.simulator.url ?? '',
    (page, asked) => change(page, asked),
  );
  const own = { ANTHROPIC_BASE_URL: gateway.url, BACKFILL_START: '2026-08-01', ...settings };
  const under = (holder.under = await startSource({ simulator, settings: own }));
  const closeSource = under.close.bind(under);
  const close = async (): Promise<void> => {
    await closeSource();
    await gateway.close();
  };
  return Object.assign(under, {
    setGateway: (next: typeof change = () => undefined) => {
      change = next;
    },
    close,
  });
}
