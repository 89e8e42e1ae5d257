package io.adapt4j.core.internal.plan;

import io.adapt4j.core.internal.Bytes;
import java.util.Locale;

/** Predicted peak memory of a run, compared with full fine-tuning by AdamW in fp32. */
public record FullComparison(long fullBytes, long plannedBytes) {

  /** Returns the ratio of the peaks. */
  public double share() {
    return (double) plannedBytes / fullBytes;
  }

  public String text() {
    return String.format(
        Locale.ROOT,
        "full fine-tuning with AdamW in fp32 would need %s; this needs %s = %.1f %%",
        Bytes.text(fullBytes),
        Bytes.text(plannedBytes),
        share() * 100);
  }
}
