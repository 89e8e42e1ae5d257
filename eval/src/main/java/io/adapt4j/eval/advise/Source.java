package io.adapt4j.eval.advise;

/**
 * Where a rule comes from.
 *
 * @param reference authors, year and title, or publisher and title of a guide
 * @param finding what it says, in the rule's own words
 */
record Source(String reference, String finding) {}
