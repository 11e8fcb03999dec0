/** Something in an archive that is not as it should be, or that whoever reads it should know. */
export interface Finding {
  /** `wrong`: the archive is not what was written. `note`: it is so on purpose. */
  grade: 'wrong' | 'note';
  kind:
    | 'line-unreadable'
    | 'line-torn'
    | 'line-altered'
    | 'lines-missing'
    | 'line-repeated'
    | 'lines-unchained'
    | 'head-missing'
    | 'head-altered'
    | 'signature-missing'
    | 'signature-wrong'
    | 'hole'
    | 'overlap'
    | 'epoch-lower'
    | 'part-missing'
    | 'part-altered'
    | 'part-unnamed'
    | 'part-named-twice'
    | 'parts-removed'
    | 'records-differ'
    | 'record-unreadable'
    | 'message-repeated'
    | 'window-open'
    | 'nothing-there';
  /** The file, or the line of the ledger. */
  where: string;
  says: string;
  /** What to do about it; empty for a note. */
  remedy: string;
}

export const wrong = (kind: Finding['kind'], where: string, says: string, remedy: string): Finding => ({
  grade: 'wrong',
  ...{ kind, where, says, remedy },
});

export const note = (kind: Finding['kind'], where: string, says: string): Finding => ({
  grade: 'note',
  ...{ kind, where, says, remedy: '' },
});
