package io.adapt4j.core.augment;

/** Reason why a generated text is rejected. */
public enum Rejection {
  /** The generator refused the request, for example because it is too long. */
  REFUSED,
  /** The server's content filter withheld the answer. */
  FILTERED,
  /** The answer reached the limit on new tokens. */
  CUT_OFF,
  /** The answer is empty or not in the requested format. */
  EMPTY,
  /** It is several times as long as the original. */
  TOO_LONG,
  /** It equals the original or another paraphrase except for case, spaces and punctuation. */
  DUPLICATE,
  /** It is nearly equal to the original or another paraphrase. */
  NEAR_DUPLICATE,
  /** A number or date is missing, changed or new. */
  NUMBERS,
  /** A quotation is missing, changed or new. */
  QUOTES,
  /** A name or term is missing or new. */
  NAMES,
  /** Only one of the two contains a negation. */
  NEGATION,
  /** The user-defined check failed. */
  OWN_CHECK,
  /** Asked whether both have the same meaning, the generator did not answer yes. */
  BACK_CHECK,
  /** The embeddings of the two are too dissimilar. */
  SIMILARITY
}
