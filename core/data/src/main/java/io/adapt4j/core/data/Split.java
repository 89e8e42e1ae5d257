package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Shuffle;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A dataset split into three disjoint parts, the last two of which may be empty.
 *
 * @param train rows to train on, at least one
 * @param validation rows to validate on during training; may be empty
 * @param test rows to test on at the end; may be empty
 */
public record Split(Dataset train, Dataset validation, Dataset test) {

  /**
   * Checks that there is a training part; other parts that are null become empty. Throws {@link
   * NullPointerException} if there is no dataset to train on.
   */
  public Split {
    Objects.requireNonNull(train, "train: give the rows to train on");
    validation = validation == null ? train.take(0) : validation;
    test = test == null ? train.take(0) : test;
  }

  /**
   * Creates a split without a test part.
   *
   * @param train rows to train on
   * @param validation rows to validate on
   */
  public Split(Dataset train, Dataset validation) {
    this(
        Objects.requireNonNull(train, "train: give the rows to train on"),
        validation,
        train.take(0));
  }

  static final double TRAIN = 0.8;
  static final double VALIDATION = 0.1;
  static final double TEST = 0.1;

  /** Part numbers of {@link #ofParts}; train is 0. */
  static final int VALIDATION_PART = 1;

  static final int TEST_PART = 2;

  private static final double ROUNDING = 1e-9;

  static Split of(Dataset all, double train, double validation, double test, long seed) {
    requireFractions(train, validation, test);
    Split split = ofOrder(all, Shuffle.permutation(all.size(), seed), train, validation, test);
    return split.told(all.origin(), options(train, validation, test).put("seed", seed));
  }

  /** Returns the fractions in the format of a description. */
  static ObjectNode options(double train, double validation, double test) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("train", train)
        .put("validation", validation)
        .put("test", test);
  }

  /** Returns these parts with the origin that results from the options of the split. */
  Split told(DataOrigin all, ObjectNode options) {
    return new Split(
        Subset.told(train, all.then("split", options.deepCopy().put("part", "train"))),
        Subset.told(validation, all.then("split", options.deepCopy().put("part", "validation"))),
        Subset.told(test, all.then("split", options.deepCopy().put("part", "test"))));
  }

  /** Splits rows in a given order: the first for training, the last for testing. */
  static Split ofOrder(Dataset all, int[] order, double train, double validation, double test) {
    requireFractions(train, validation, test);
    int validationRows = rows(all.size(), validation);
    int testRows = rows(all.size(), test);
    int trainRows = all.size() - validationRows - testRows;
    if (trainRows < 1) {
      throw new DatasetException(
          String.format(
              "%s: %d rows are too few to give %s at least one each"
                  + " (train would get %d). Add rows or set a fraction to 0.",
              all.name(), all.size(), names(validation, test), trainRows));
    }
    int testStart = trainRows + validationRows;
    return new Split(
        part(all, order, 0, trainRows),
        part(all, order, trainRows, testStart),
        part(all, order, testStart, all.size()));
  }

  private static String names(double validation, double test) {
    if (validation > 0 && test > 0) {
      return "train, validation and test";
    }
    return validation > 0 ? "train and validation" : test > 0 ? "train and test" : "train";
  }

  /** Splits rows by their part numbers. */
  static Split ofParts(Dataset all, int[] parts, double validation, double test, String remedy) {
    Split split =
        new Split(
            all.subset(rowsOf(parts, 0)),
            all.subset(rowsOf(parts, VALIDATION_PART)),
            all.subset(rowsOf(parts, TEST_PART)));
    if (split.train().size() == 0
        || (validation > 0 && split.validation().size() == 0)
        || (test > 0 && split.test().size() == 0)) {
      throw new DatasetException(
          String.format(
              "%s: %d rows came to %d to train on, %d to validate on and %d to test on, expected at"
                  + " least one each. %s or set a fraction to 0.",
              all.name(),
              all.size(),
              split.train().size(),
              split.validation().size(),
              split.test().size(),
              remedy));
    }
    return split;
  }

  private static int[] rowsOf(int[] parts, int part) {
    return IntStream.range(0, parts.length).filter(row -> parts[row] == part).toArray();
  }

  /** Returns the number of rows for a fraction, at least one unless it is 0. */
  static int rows(int all, double fraction) {
    return fraction == 0 ? 0 : (int) Math.max(1, Math.round(all * fraction));
  }

  private static Dataset part(Dataset all, int[] order, int from, int to) {
    int[] rows = Arrays.copyOfRange(order, from, to);
    Arrays.sort(rows);
    return all.subset(rows);
  }

  static void requireFractions(double train, double validation, double test) {
    requireFraction("train", train);
    requireFraction("validation", validation);
    requireFraction("test", test);
    if (train == 0 || Math.abs(train + validation + test - 1) > ROUNDING) {
      throw new IllegalArgumentException(
          "train, validation and test must sum to 1 with train above 0, found %s + %s + %s"
              .formatted(train, validation, test));
    }
  }

  private static void requireFraction(String name, double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException(
          name + " must be a fraction from 0 to 1, found " + fraction);
    }
  }
}
