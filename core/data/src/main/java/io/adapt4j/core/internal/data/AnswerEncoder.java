package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Encodes the answers of preference rows. */
public record AnswerEncoder(ExampleEncoder encoder) {

  /** Encodes the chosen and the rejected answer of a row. */
  public EncodedRow<TrainingSample> pair(Dataset dataset, int row) {
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
  public EncodedRow<TrainingSample> single(Dataset dataset, int row, boolean desirable) {
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
    EncodedRow<TrainingSample> run();
  }

  private static EncodedRow<TrainingSample> named(Dataset dataset, int row, Encoding encoding) {
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

  private EncodedRow<TrainingSample> distinct(TrainingSample chosen, TrainingSample rejected) {
    EncodedRow<TrainingSample> both = limited(chosen, rejected);
    boolean alike =
        both.fate().isKept()
            && Arrays.equals(both.samples().get(0).ids(), both.samples().get(1).ids());
    return alike ? EncodedRow.skipped(RowFate.ALIKE) : both;
  }

  private EncodedRow<TrainingSample> limited(TrainingSample... answers) {
    List<TrainingSample> samples = new ArrayList<>();
    boolean truncated = false;
    for (TrainingSample answer : answers) {
      EncodedRow<TrainingSample> encoded = encoder.limited(answer);
      if (!encoded.fate().isKept()) {
        return encoded;
      }
      if (encoded.fate() == RowFate.SPLIT) {
        throw new DatasetException(
            "answers cannot be split to the limit: choose to truncate or drop them.");
      }
      samples.add(encoded.sample());
      truncated |= encoded.fate() == RowFate.TRUNCATED;
    }
    return new EncodedRow<>(samples, truncated ? RowFate.TRUNCATED : RowFate.KEPT);
  }
}
