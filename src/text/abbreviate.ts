const SHOWN = 5;

/** The first five ids, and how many more there are. */
export const abbreviate = (ids: string[]): string =>
  `${ids.slice(0, SHOWN).join(', ')}${ids.length > SHOWN ? `, and ${ids.length - SHOWN} more` : ''}`;
