package io.adapt4j.core.internal.data;

/** Statistics of a tokenized dataset. */
public record EncodingReport(
    int rows,
    int kept,
    int samples,
    int truncated,
    int split,
    int tooLong,
    int nothingToLearn,
    long tokens,
    long targetTokens,
    int longest,
    String digest,
    int alike) {}
