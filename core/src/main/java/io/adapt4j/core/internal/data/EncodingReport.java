package io.adapt4j.core.internal.data;

import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * What tokenizing a dataset came to.
 *
 * @param rows rows read
 * @param kept rows to train on
 * @param samples samples made of the kept rows; more than those where rows were split
 * @param truncated rows among the kept ones that were cut to the limit
 * @param split rows among the kept ones that were split to the limit
 * @param tooLong rows left out because of their length
 * @param nothingToLearn rows left out because nothing to learn is within the limit
 * @param tokens tokens of the samples
 * @param targetTokens predicted tokens of the samples
 * @param longest tokens of the longest sample; 0 if none was kept
 * @param digest SHA-256 of the samples' ids and labels, and of weights that are not 1, in
 *     hexadecimal: the same for the same data
 * @param alike rows left out because their two completions are the same tokens within the limit
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
    int alike) {

  /**
   * Makes the report of rows that are one sample each, and left out only for having nothing to
   * learn.
   *
   * @param rows rows read
   * @param kept rows to train on
   * @param truncated rows among the kept ones that were cut to the limit
   * @param tokens tokens of the samples
   * @param targetTokens predicted tokens of the samples
   * @param longest tokens of the longest sample
   * @param digest of the samples
   * @return the report
   */
  public static EncodingReport ofRows(
      int rows,
      int kept,
      int truncated,
      long tokens,
      long targetTokens,
      int longest,
      MessageDigest digest) {
    String hex = HexFormat.of().formatHex(digest.digest());
    return new EncodingReport(
        rows, kept, kept, truncated, 0, 0, rows - kept, tokens, targetTokens, longest, hex, 0);
  }
}
