import type { Definition } from './definition';
import { http } from './http/definition';
import { opensearch } from './opensearch/definition';
import { postgres } from './postgres/definition';
import { stdout } from './stdout';

/** Every kind of destination, by its name in DESTINATIONS. */
export const kinds: Readonly<Record<string, Definition>> = { stdout, http, postgres, opensearch };
