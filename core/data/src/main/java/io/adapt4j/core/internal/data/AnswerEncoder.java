package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Encodes the answers of preference rows. */
public record AnswerEncoder(ExampleEncoder encoder) {

  /** Reason why a row is skipped. */
  enum Refusal {
    TOO_LONG,
    NOTHING_TO_LEARN,
    ALIKE
  }

  /**
   * Result of encoding a row.
   *
   * @param refusal why the row is skipped; null if it is kept
   */
  public record Outcome(List<TrainingSample> samples, boolean truncated, Refusal refusal) {

    static Outcome refused(Refusal reason) {
      return new Outcome(List.of(), false, reason);
    }
  }

  /** Encodes the chosen and the rejected answer of a row. */
  public Outcome pair(Dataset dataset, int row) {
    Example example = dataset.get(row);
    return named(
        dataset,
        row,
        () -> {
          if (example instanceof Example.Preference pair) {
            return distinct(
                encoder.answer(pair.prompt(), pair.chosen()),
                encoder.answer(pair.prompt(), pair.rejected()));
          }
          if (example instanceof Example.ChatPreference pair) {
            return distinct(
                encoder.answer(pair.prompt(), pair.chosen()),
                encoder.answer(pair.prompt(), pair.rejected()));
          }
          throw unexpected(example, "a chosen and a rejected completion (fields chosen, rejected)");
        });
  }

  /** Encodes one answer of a row: of a pair, the chosen or the rejected one. */
  public Outcome single(Dataset dataset, int row, boolean desirable) {
    Example example = dataset.get(row);
    return named(
        dataset,
        row,
        () -> {
          if (example instanceof Example.UnpairedPreference one) {
            return limited(encoder.answer(one.prompt(), one.completion()));
          }
          if (example instanceof Example.ChatUnpairedPreference one) {
            return limited(encoder.answer(one.prompt(), one.completion()));
          }
          if (example instanceof Example.Preference pair) {
            String completion = desirable ? pair.chosen() : pair.rejected();
            return limited(encoder.answer(pair.prompt(), completion));
          }
          if (example instanceof Example.ChatPreference pair) {
            return limited(
                encoder.answer(pair.prompt(), desirable ? pair.chosen() : pair.rejected()));
          }
          throw unexpected(
              example, "a completion with a label (fields prompt, completion, label), or a pair");
        });
  }

  /** Returns whether each answer of a row is desirable; a pair has two. */
  public static List<Boolean> verdicts(Example example) {
    if (example instanceof Example.UnpairedPreference one) {
      return List.of(one.desirable());
    }
    if (example instanceof Example.ChatUnpairedPreference one) {
      return List.of(one.desirable());
    }
    return List.of(true, false);
  }

  private interface Encoding {
    Outcome run();
  }

  private static Outcome named(Dataset dataset, int row, Encoding encoding) {
    try {
      return encoding.run();
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private static DatasetException unexpected(Example example, String expected) {
    return new DatasetException(
        "expected %s, found %s. State the shape or map the fields when the data is read."
            .formatted(expected, example.getClass().getSimpleName()));
  }

  private Outcome distinct(TrainingSample chosen, TrainingSample rejected) {
    Outcome both = limited(chosen, rejected);
    boolean alike =
        both.refusal() == null
            && Arrays.equals(both.samples().get(0).ids(), both.samples().get(1).ids());
    return alike ? Outcome.refused(Refusal.ALIKE) : both;
  }

  private Outcome limited(TrainingSample... answers) {
    List<TrainingSample> samples = new ArrayList<>();
    boolean truncated = false;
    for (TrainingSample answer : answers) {
      EncodedExample encoded = encoder.limited(answer);
      if (encoded instanceof EncodedExample.Dropped dropped) {
        return Outcome.refused(
            dropped.reason() == EncodedExample.Reason.TOO_LONG
                ? Refusal.TOO_LONG
                : Refusal.NOTHING_TO_LEARN);
      }
      if (!(encoded instanceof EncodedExample.Kept kept)) {
        throw new DatasetException(
            "answers cannot be split to the limit: choose to truncate or drop them.");
      }
      samples.add(kept.sample());
      truncated |= kept.truncated();
    }
    return new Outcome(samples, truncated, null);
  }
}
