package io.adapt4j.core.internal.data;

/**
 * Statistics of a tokenized dataset.
 *
 * @param longest tokens of the longest sample; 0 if none was kept
 */
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
