export interface Part {
  readonly seq: string;
  readonly hash: string;
}

/** A pack as the list of a room has it. Positions are as on the wire. */
export interface ListedPack {
  readonly key: Uint8Array;
  /** The identity key of the sharer, in base64url. */
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly seen: string;
  /** The server's time of the announcement. */
  readonly at: number;
  readonly messages: number;
  readonly parts: readonly Part[];
}
