import type { Files } from './files';
import type { Ledger } from './ledger';
import type { Lists } from './lists';
import type { Staging } from './staging';

/** What the steps of a window work with. */
export interface Workspace {
  files: Files;
  source: string;
  staging: Staging;
  ledger: Ledger;
  lists: Lists;
  /** A new part begins where one would grow beyond this. */
  partBytes: number;
}
