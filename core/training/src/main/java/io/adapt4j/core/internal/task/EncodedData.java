package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Encoding reports of a run's data. */
public record EncodedData(EncodingReport train, Optional<EncodingReport> held, int maxLength) {

  /** Returns the length of the longest sample. */
  public int longest() {
    return Math.max(train.longest(), held.map(EncodingReport::longest).orElse(0));
  }

  /** Encodes data, reporting a row that cannot be used as an error of the run's settings. */
  public static <R> R encoded(Supplier<R> encoding) {
    try {
      return encoding.get();
    } catch (DatasetException e) {
      throw SettingsException.ofFineTuning(List.of(e.getMessage()));
    }
  }

  /** Rejects data without usable rows. */
  public static void requireUsable(Dataset data, EncodingReport report, int maxLength) {
    if (report.kept() == 0) {
      throw SettingsException.ofFineTuning(
          List.of(
              ("%s: none of its %s rows can be used: %s are longer than maxLength %s, %s have"
                      + " nothing to learn within it%s. Raise maxLength or check the data.")
                  .formatted(
                      data.name(),
                      report.rows(),
                      report.tooLong(),
                      maxLength,
                      report.nothingToLearn(),
                      report.alike() == 0
                          ? ""
                          : ", "
                              + report.alike()
                              + " have two completions that are alike within it")));
    }
  }

  /** Checks that some row is not masked. */
  public static void requireTargets(Dataset data, EncodingReport report) {
    if (report.targetTokens() == 0) {
      throw allMasked(data);
    }
  }

  /** Checks that some row is not masked, for tasks whose masked rows keep their targets. */
  static void requireUnmasked(FineTuneSettings settings, EncodingReport report) {
    // Masked rows may be unusable too, but then the run would hardly be one.
    if (report.kept() > 0 && settings.maskedRows().size() >= settings.train().size()) {
      throw allMasked(settings.train());
    }
  }

  private static SettingsException allMasked(Dataset data) {
    return SettingsException.ofFineTuning(
        List.of(
            data.name()
                + ": every usable row is masked, so there is nothing to learn. Drop the model that"
                + " learned from these rows."));
  }
}
