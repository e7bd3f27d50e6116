/** A document as an importer sees it. */
export type ImportDocument = {
  id: string;
  tenantId: string;
  /** The key that sent it, or the one that had it read again. */
  keyId: string;
  /** As sent, with parameters such as `charset`. */
  mediaType: string;
  source: string;
  bytes: number;
  sha256: string;
  receivedAt: Date;
  /** When the tenant first sent these bytes: what a row without a time of its own gets, so that a repetition gives the same rows. */
  firstAt: Date;
  /** One of the importer's policies. */
  policy: string | null;
  /** How columns become rows, where the importer needs it. */
  mapping: Record<string, unknown> | null;
};
