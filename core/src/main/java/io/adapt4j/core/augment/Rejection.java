package io.adapt4j.core.augment;

/** Why something that was generated is not used. */
public enum Rejection {
  /** The generator refused the request, such as one that is too long. */
  REFUSED,
  /** The server held the answer back for its content. */
  FILTERED,
  /** The answer reached the limit on new tokens. */
  CUT_OFF,
  /** The answer is empty, or not in the form that was asked for. */
  EMPTY,
  /** It is several times as long as the original. */
  TOO_LONG,
  /** It equals the original or another paraphrase, but for case, spaces and punctuation. */
  DUPLICATE,
  /** It is nearly the original or another paraphrase. */
  NEAR_DUPLICATE,
  /** A number or date is missing, changed or new. */
  NUMBERS,
  /** A quotation is missing, changed or new. */
  QUOTES,
  /** A name or term is missing or new. */
  NAMES,
  /** One of the two denies something and the other does not. */
  NEGATION,
  /** A check of the caller failed. */
  OWN_CHECK,
  /** Asked whether both say the same, the generator did not say yes. */
  BACK_CHECK,
  /** The embeddings of the two are too far apart. */
  SIMILARITY
}
