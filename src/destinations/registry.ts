import type { Definition } from './definition';
import { http } from './http/definition';
import { opensearch } from './opensearch/definition';
import { otlp } from './otlp/definition';
import { postgres } from './postgres/definition';
import { s3 } from './s3/definition';
import { splunkHec } from './splunk-hec/definition';
import { stdout } from './stdout';

/** Every kind of destination, by its name in DESTINATIONS. */
export const kinds: Readonly<Record<string, Definition>> = {
  stdout,
  http,
  s3,
  'splunk-hec': splunkHec,
  postgres,
  opensearch,
  otlp,
};
