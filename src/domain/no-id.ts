/** The id of an item of the chat list that has none: such items are parked as one, since nobody can tell them apart. */
export const NO_ID = '';

/** A parked chat's id, or words for items that have none. */
export const nameOf = (chatId: string): string => (chatId === NO_ID ? 'an item of the list without an id' : chatId);
