/** A number of things in words. @param noun In the singular, with a regular plural. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
