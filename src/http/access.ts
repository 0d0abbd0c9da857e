/** The authenticated caller. */
export interface Identity {
  readonly userId: string;
  /** What it may do besides, such as the scopes of a token. */
  readonly scopes: readonly string[];
}

/** The scope with which somebody may read what others did. */
export const READ_ALL_SCOPE = "streamfold/read-all";

/** The only authorization rule for reads: a user's activity may be read by that user, or by a caller with the scope. */
export const mayReadActivity = ({ userId, scopes }: Identity, of: string): boolean =>
  userId === of || scopes.includes(READ_ALL_SCOPE);

/** The scope with which somebody may look into everything and act on read models and parked entities: `/operations/…`. */
export const OPERATE_SCOPE = "streamfold/operate";
