package io.adapt4j.rag.split;

/**
 * How pieces are packed.
 *
 * @param tokens the most tokens of a stretch, headings and added tokens included
 * @param overlap the most tokens that a stretch repeats of the one before
 * @param hardest a place of this strength or more is always cut at
 * @param withHeading whether the headings above count
 */
record Limits(long tokens, int overlap, int hardest, boolean withHeading) {}
