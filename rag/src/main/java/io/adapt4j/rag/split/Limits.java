package io.adapt4j.rag.split;

/**
 * Limits for packing pieces.
 *
 * @param tokens maximum number of tokens of a stretch, including headings and special tokens
 * @param overlap maximum number of tokens repeated from the previous stretch
 * @param hardest strength from which a break always splits
 * @param withHeading whether headings count
 */
record Limits(long tokens, int overlap, int hardest, boolean withHeading) {}
