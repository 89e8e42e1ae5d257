package io.adapt4j.core.internal.data;

import java.security.MessageDigest;
import java.util.HexFormat;

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
    int alike) {

  /** Makes the report of rows with one sample each, skipped only if there is nothing to learn. */
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
