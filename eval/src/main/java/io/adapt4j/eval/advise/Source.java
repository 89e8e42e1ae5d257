package io.adapt4j.eval.advise;

/**
 * Source of a rule.
 *
 * @param reference authors, year and title, or publisher and title of a guide
 * @param finding its finding, paraphrased
 */
record Source(String reference, String finding) {}
