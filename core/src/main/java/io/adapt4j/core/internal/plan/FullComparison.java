package io.adapt4j.core.internal.plan;

import io.adapt4j.core.internal.Bytes;
import java.util.Locale;

/**
 * The predicted memory of a run beside that of full fine-tuning by AdamW in fp32.
 *
 * @param fullBytes the peak of full fine-tuning with the same batches
 * @param plannedBytes the peak of the run
 */
public record FullComparison(long fullBytes, long plannedBytes) {

  /**
   * Divides the peaks.
   *
   * @return the run's share of what full fine-tuning would need
   */
  public double share() {
    return (double) plannedBytes / fullBytes;
  }

  /**
   * Writes the comparison for people.
   *
   * @return a line without its end
   */
  public String text() {
    return String.format(
        Locale.ROOT,
        "full fine-tuning with AdamW in fp32 would need %s; this needs %s = %.1f %%",
        Bytes.text(fullBytes),
        Bytes.text(plannedBytes),
        share() * 100);
  }
}
