package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Overflow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Truncates, splits or drops samples that exceed a length. */
record LengthLimit(
    int maxLength, Overflow overflow, int overlap, OptionalInt bos, OptionalInt eos) {

  EncodedRow<TrainingSample> apply(TrainingSample sample) {
    if (sample.length() <= maxLength) {
      return keep(sample, false);
    }
    return switch (overflow) {
      case DROP -> EncodedRow.skipped(RowFate.TOO_LONG);
      case FAIL ->
          throw new DatasetException(
              ("an example has %s tokens, expected at most %s. Shorten it, raise the limit, or"
                      + " choose to truncate, split or drop.")
                  .formatted(sample.length(), maxLength));
      case TRUNCATE_RIGHT -> keep(first(sample), true);
      case TRUNCATE_LEFT -> keep(last(sample), true);
      case SPLIT -> split(sample);
    };
  }

  private TrainingSample first(TrainingSample sample) {
    int[] ids = Arrays.copyOf(sample.ids(), maxLength);
    int[] labels = Arrays.copyOf(sample.labels(), maxLength);
    int last = sample.length() - 1;
    if (is(eos, sample.ids()[last])) {
      ids[maxLength - 1] = sample.ids()[last];
      labels[maxLength - 1] = sample.labels()[last];
    }
    return new TrainingSample(ids, labels);
  }

  private TrainingSample last(TrainingSample sample) {
    return part(sample, sample.length() - maxLength + opening(sample), 0, sample.length());
  }

  private EncodedRow<TrainingSample> split(TrainingSample sample) {
    List<TrainingSample> parts = new ArrayList<>();
    parts.add(
        new TrainingSample(
            Arrays.copyOf(sample.ids(), maxLength), Arrays.copyOf(sample.labels(), maxLength)));
    int room = maxLength - overlap - opening(sample);
    for (int done = maxLength; done < sample.length(); done += room) {
      int end = Math.min(done + room, sample.length());
      parts.add(part(sample, done - overlap, overlap, end));
    }
    List<TrainingSample> learned = parts.stream().filter(part -> part.targetTokens() > 0).toList();
    return learned.stream().anyMatch(this::hasContentToLearn)
        ? new EncodedRow<>(learned, RowFate.SPLIT)
        : EncodedRow.skipped(RowFate.NOTHING_TO_LEARN);
  }

  /**
   * Returns the number of tokens repeated at the start of each part: 1 if the sample begins with
   * bos, else 0.
   */
  private int opening(TrainingSample sample) {
    return is(bos, sample.ids()[0]) ? 1 : 0;
  }

  /**
   * Returns the opening followed by the tokens [from, to), of which the first {@code context} are
   * not trained on.
   */
  private TrainingSample part(TrainingSample sample, int from, int context, int to) {
    int opening = opening(sample);
    int[] ids = new int[opening + to - from];
    int[] labels = new int[ids.length];
    System.arraycopy(sample.ids(), 0, ids, 0, opening);
    System.arraycopy(sample.ids(), from, ids, opening, to - from);
    System.arraycopy(sample.labels(), 0, labels, 0, opening);
    System.arraycopy(sample.labels(), from, labels, opening, to - from);
    Arrays.fill(labels, opening, opening + context, TrainingSample.IGNORED);
    return new TrainingSample(ids, labels);
  }

  private EncodedRow<TrainingSample> keep(TrainingSample sample, boolean truncated) {
    return hasContentToLearn(sample)
        ? new EncodedRow<>(List.of(sample), truncated ? RowFate.TRUNCATED : RowFate.KEPT)
        : EncodedRow.skipped(RowFate.NOTHING_TO_LEARN);
  }

  private boolean hasContentToLearn(TrainingSample sample) {
    for (int i = 1; i < sample.length(); i++) {
      if (sample.labels()[i] != TrainingSample.IGNORED && !is(eos, sample.ids()[i])) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(OptionalInt token, int id) {
    return token.isPresent() && token.getAsInt() == id;
  }
}
