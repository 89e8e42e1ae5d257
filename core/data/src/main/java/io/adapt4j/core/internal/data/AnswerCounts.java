package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.FileDigest;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Accumulates the encoding report of answers. */
public final class AnswerCounts {

  private final MessageDigest digest = FileDigest.sha256();
  private int rows;
  private int kept;
  private int samples;
  private int truncated;
  private int tooLong;
  private int nothingToLearn;
  private int alike;
  private long tokens;
  private long targetTokens;
  private int longest;

  /** Counts a row, or an answer counted as one. */
  public void add(AnswerEncoder.Outcome outcome, double weight) {
    rows++;
    if (outcome.refusal() != null) {
      switch (outcome.refusal()) {
        case TOO_LONG -> tooLong++;
        case NOTHING_TO_LEARN -> nothingToLearn++;
        case ALIKE -> alike++;
      }
      return;
    }
    kept++;
    truncated += outcome.truncated() ? 1 : 0;
    for (TrainingSample sample : outcome.samples()) {
      samples = Math.incrementExact(samples);
      tokens += sample.length();
      targetTokens += sample.targetTokens();
      longest = Math.max(longest, sample.length());
      SampleDigest.add(digest, sample, weight);
    }
  }

  public EncodingReport report() {
    return new EncodingReport(
        rows,
        kept,
        samples,
        truncated,
        0,
        tooLong,
        nothingToLearn,
        tokens,
        targetTokens,
        longest,
        HexFormat.of().formatHex(digest.digest()),
        alike);
  }
}
