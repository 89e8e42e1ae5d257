package io.adapt4j.upkeep.feedback;

/** Treatment of content whose author did not consent to training. */
public enum WithoutConsent {
  /** The content is not stored; id, version, customer, time and rating are. */
  DROP_CONTENT,
  /** The content is stored, but no training row is made of it. */
  KEEP_UNTRAINED
}
