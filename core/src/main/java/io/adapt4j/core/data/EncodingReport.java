package io.adapt4j.core.data;

/**
 * What tokenizing a dataset came to.
 *
 * @param rows rows read
 * @param kept rows to train on
 * @param truncated rows among the kept ones that were cut to the limit
 * @param tooLong rows left out because of their length
 * @param nothingToLearn rows left out because nothing to learn is within the limit
 * @param tokens tokens of the kept rows
 * @param targetTokens predicted tokens of the kept rows
 * @param longest tokens of the longest kept row; 0 if none was kept
 * @param digest SHA-256 of the kept rows' ids and labels, in hexadecimal: the same for the same
 *     data
 */
public record EncodingReport(
    int rows,
    int kept,
    int truncated,
    int tooLong,
    int nothingToLearn,
    long tokens,
    long targetTokens,
    int longest,
    String digest) {}
