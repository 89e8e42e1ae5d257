package io.adapt4j.rag.split;

/** Limits for packing pieces. */
record Limits(long tokens, int overlap, int hardest, boolean withHeading) {}
