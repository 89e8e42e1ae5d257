package io.adapt4j.gguf.internal.layout;

import java.util.Arrays;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/**
 * Selection and permutation of a checkpoint tensor's rows in a GGUF tensor.
 *
 * @param toStored row of the checkpoint's tensor, given a row of the GGUF tensor and their number;
 *     -1 for a row of zeros
 * @param toGguf inverse, given the number of the checkpoint's rows; -1 for a row that is not taken
 */
public record RowOrder(
    LongUnaryOperator count, LongBinaryOperator toStored, LongBinaryOperator toGguf) {

  /** All rows, unchanged. */
  public static final RowOrder SAME = all((row, rows) -> row, (row, rows) -> row);

  private static RowOrder all(LongBinaryOperator toStored, LongBinaryOperator toGguf) {
    return new RowOrder(stored -> stored, toStored, toGguf);
  }

  /** Returns the number of rows of the GGUF tensor. */
  public long rows(long stored) {
    return count.applyAsLong(stored);
  }

  /** Maps a row of the GGUF tensor to the checkpoint's. */
  public long storedRow(long row, long rows) {
    return toStored.applyAsLong(row, rows);
  }

  /** Maps a row of the checkpoint's tensor to the GGUF tensor. */
  public long ggufRow(long row, long stored) {
    return toGguf.applyAsLong(row, stored);
  }

  /** Returns one of several equal consecutive parts. */
  public static RowOrder part(int number, int parts) {
    return new RowOrder(
        stored -> stored / parts,
        (row, rows) -> number * rows + row,
        (row, stored) -> row / (stored / parts) == number ? row % (stored / parts) : -1);
  }

  /** Returns all rows except the first ones, which are absent in a file. */
  public static RowOrder from(int skipped) {
    return new RowOrder(
        stored -> stored - skipped, (row, rows) -> row + skipped, (row, stored) -> row - skipped);
  }

  /** Returns all rows padded with zeros. */
  public static RowOrder padded(int stored, int all) {
    return new RowOrder(count -> all, (row, count) -> row < stored ? row : -1, (row, count) -> row);
  }

  /** Returns consecutive rows of each group of rows. */
  public static RowOrder ofEach(int group, int first, int taken) {
    return new RowOrder(
        stored -> stored / group * taken,
        (row, rows) -> row / taken * group + first + row % taken,
        (row, stored) -> {
          long within = row % group - first;
          return within >= 0 && within < taken ? row / group * taken + within : -1;
        });
  }

  /** Returns every n-th row. */
  public static RowOrder each(int step, int first) {
    return new RowOrder(
        stored -> stored / step,
        (row, rows) -> row * step + first,
        (row, stored) -> row % step == first ? row / step : -1);
  }

  public static RowOrder listed(int[] rows, int stored) {
    int[] inverse = new int[stored];
    Arrays.fill(inverse, -1);
    for (int i = 0; i < rows.length; i++) {
      inverse[rows[i]] = i;
    }
    return new RowOrder(
        count -> rows.length, (row, count) -> rows[(int) row], (row, count) -> inverse[(int) row]);
  }

  /**
   * Interleaves the two halves of each head's rotated part, so that values rotated together are
   * adjacent.
   */
  static RowOrder rotaryPairs(int heads, double share) {
    return all(
        (row, rows) -> {
          long dim = rows / heads;
          long rotated = Math.round(dim * share);
          long within = row % dim;
          return within < rotated ? row - within + within % 2 * (rotated / 2) + within / 2 : row;
        },
        (row, stored) -> {
          long dim = stored / heads;
          long rotated = Math.round(dim * share);
          long within = row % dim;
          return within < rotated
              ? row - within + within % (rotated / 2) * 2 + within / (rotated / 2)
              : row;
        });
  }

  /** Puts adjacent rows of each head's rotated part into its two halves. */
  static RowOrder rotaryHalves(int heads, double share) {
    RowOrder pairs = rotaryPairs(heads, share);
    return all(/* toStored= */ pairs.toGguf, /* toGguf= */ pairs.toStored);
  }

  /** Interleaves the two halves of the rows after the first ones of each group of rows. */
  public static RowOrder pairsAfter(int first, int group) {
    int half = (group - first) / 2;
    return all(
        (row, rows) -> {
          long within = row % group - first;
          return within < 0 ? row : row - within + within % 2 * half + within / 2;
        },
        (row, stored) -> {
          long within = row % group - first;
          return within < 0 ? row : row - within + within % half * 2 + within / half;
        });
  }

  /** Reorders from head by head to all queries, then all keys, then all values. */
  static RowOrder queriesKeysValues(int heads) {
    return all(
        (row, rows) -> {
          long dim = rows / (3L * heads);
          return (row / dim % heads * 3 + row / (heads * dim)) * dim + row % dim;
        },
        (row, stored) -> {
          long dim = stored / (3L * heads);
          return (row / dim % 3 * heads + row / (3 * dim)) * dim + row % dim;
        });
  }
}
