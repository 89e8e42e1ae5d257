package io.adapt4j.core.data;

import java.util.Arrays;

/**
 * A dataset in three disjoint parts.
 *
 * @param train rows to train on, at least one
 * @param validation rows to validate on during training; may be empty
 * @param test rows to test on at the end; may be empty
 */
public record Split(Dataset train, Dataset validation, Dataset test) {

  private static final double ROUNDING = 1e-9;

  static Split of(Dataset all, double train, double validation, double test, long seed) {
    requireFraction("train", train);
    requireFraction("validation", validation);
    requireFraction("test", test);
    if (train == 0 || Math.abs(train + validation + test - 1) > ROUNDING) {
      throw new IllegalArgumentException(
          "train, validation and test must sum to 1 with train above 0, found "
              + train
              + " + "
              + validation
              + " + "
              + test);
    }
    int validationRows = rows(all.size(), validation);
    int testRows = rows(all.size(), test);
    int trainRows = all.size() - validationRows - testRows;
    if (trainRows < 1) {
      throw new DatasetException(
          String.format(
              "%s: %d rows are too few to give train, validation and test at least one each"
                  + " (train would get %d). Add rows or set a fraction to 0.",
              all.name(), all.size(), trainRows));
    }
    int[] order = Shuffle.permutation(all.size(), seed);
    int testStart = trainRows + validationRows;
    return new Split(
        part(all, order, 0, trainRows),
        part(all, order, trainRows, testStart),
        part(all, order, testStart, all.size()));
  }

  private static int rows(int all, double fraction) {
    return fraction == 0 ? 0 : (int) Math.max(1, Math.round(all * fraction));
  }

  private static Dataset part(Dataset all, int[] order, int from, int to) {
    int[] rows = Arrays.copyOfRange(order, from, to);
    Arrays.sort(rows);
    return all.subset(rows);
  }

  private static void requireFraction(String name, double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          name + " must be a fraction from 0 to 1, found " + fraction);
    }
  }
}
