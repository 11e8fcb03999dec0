import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { until } from './until';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Runs the tests of a file if this machine has a browser, and says so if not. */
export function inBrowser(title: string): typeof describe {
  if (INSTALLED !== undefined) return describe;
  process.stderr.write(`skipped, for want of Chromium (apt-get install chromium): ${title}\n`);
  return describe.skip;
}

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: INSTALLED ?? '',
    // As root, as in a container, it has no sandbox of its own.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });

const SOON_MS = 1000;

/** Waits until the page shows all of these texts, and takes its picture, if it has a name, where `npm run screenshots` wants it. */
export async function expectTexts(
  page: Page,
  picture: string | null,
  texts: readonly (string | RegExp)[],
): Promise<void> {
  await until(async () => {
    // Markdown is shown in frames of its own.
    const bodies = page.frames().map((frame) => frame.innerText('body', { timeout: SOON_MS }).catch(() => ''));
    const shown = (await Promise.all(bodies)).join('\n');
    return texts.every((text) => (typeof text === 'string' ? shown.includes(text) : text.test(shown)));
  });
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined && picture !== null) await page.screenshot({ path: join(folder, `${picture}.png`) });
}
