package io.adapt4j.core.internal.data;

import com.google.common.collect.EnumMultiset;
import com.google.common.collect.Multiset;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Accumulates an encoding report. */
final class EncodingCounts {

  private final Multiset<RowFate> rows = EnumMultiset.create(RowFate.class);
  private int samples;
  private long tokens;
  private long targets;
  private int longest;

  void addRow(RowFate fate) {
    rows.add(fate);
  }

  void addSamples(int count) {
    samples = Math.addExact(samples, count);
  }

  void addTokens(int length, long all, int trained) {
    longest = Math.max(longest, length);
    tokens += all;
    targets += trained;
  }

  EncodingReport report(MessageDigest digest) {
    return new EncodingReport(
        rows.size(),
        rows.count(RowFate.KEPT) + rows.count(RowFate.TRUNCATED) + rows.count(RowFate.SPLIT),
        samples,
        rows.count(RowFate.TRUNCATED),
        rows.count(RowFate.SPLIT),
        rows.count(RowFate.TOO_LONG),
        rows.count(RowFate.NOTHING_TO_LEARN),
        tokens,
        targets,
        longest,
        HexFormat.of().formatHex(digest.digest()),
        rows.count(RowFate.ALIKE));
  }
}
