package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rows of data with random access. Implementations read rows on demand rather than keeping them in
 * memory, always return the same row for the same index, and may be read from several threads.
 */
public interface Dataset {

  /**
   * Returns the name of the data for messages.
   *
   * @return the name; for a file its path
   */
  String name();

  /** {@return the number of rows, at least 0} */
  int size();

  /**
   * Reads a row.
   *
   * @param row its index, from 0
   * @return the row
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws DatasetException if the row can no longer be read
   */
  Example get(int row);

  /**
   * Describes the source of a row, for messages.
   *
   * @return for a file, its name and line
   */
  default String locate(int row) {
    return name() + " row " + row;
  }

  /**
   * Returns the source fields of a row, for data that the example does not contain, such as the key
   * of a conversation or a time.
   *
   * @return the fields; empty if the dataset neither comes from a file nor was given fields
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws DatasetException if the row can no longer be read
   */
  default Optional<Row> source(int row) {
    Objects.checkIndex(row, size());
    return Optional.empty();
  }

  /**
   * Returns the weight of a row in the loss.
   *
   * @return the weight, above 0; 1 unless the dataset was weighted
   * @throws IndexOutOfBoundsException if there is no such row
   */
  default double weight(int row) {
    Objects.checkIndex(row, size());
    return 1;
  }

  /**
   * Returns the name of the dataset that a row comes from, to tell the parts of a mixture apart.
   *
   * @return the name; that of this dataset unless it has parts
   * @throws IndexOutOfBoundsException if there is no such row
   */
  default String part(int row) {
    Objects.checkIndex(row, size());
    return name();
  }

  /**
   * Returns the origin of this data.
   *
   * @return a description, or the reason why there is none
   */
  default DataOrigin origin() {
    return DataOrigin.omitted("rows of " + getClass().getName());
  }

  /**
   * Returns a view of the first rows.
   *
   * @param rows the maximum number of rows
   * @return the view
   * @throws IllegalArgumentException if the number is negative
   */
  default Dataset take(int rows) {
    if (rows < 0) {
      throw new IllegalArgumentException("rows to take must be at least 0, found " + rows);
    }
    return Subset.told(
        subset(IntStream.range(0, Math.min(rows, size())).toArray()),
        origin().then("take", IntNode.valueOf(rows)));
  }

  /**
   * Returns a view of some rows in the given order. It takes four bytes per row.
   *
   * @param rows row indices; repetitions are allowed
   * @return the view
   * @throws IndexOutOfBoundsException if there is no such row
   */
  default Dataset subset(int... rows) {
    return new Subset(this, rows);
  }

  /**
   * Returns a view with weights in the loss. Existing weights are multiplied.
   *
   * @param weights one for each row, above 0; copied
   * @return the view
   * @throws IllegalArgumentException if the numbers of weights and rows differ, or a weight is not
   *     positive and finite
   */
  default Dataset weighted(double... weights) {
    return new Weighted(this, weights);
  }

  /**
   * Returns a view with an additional field in {@link #source}, such as the margin of a pair, the
   * expected answer for a reward function, or the key to split by. For rows in memory, and for
   * values computed from those of files.
   *
   * @param field its name; an existing field of that name is hidden
   * @param values one for each row: strings, numbers, booleans, null, lists or maps of these
   * @return the view
   * @throws IllegalArgumentException if the numbers of values and rows differ, or a value has
   *     another type
   */
  default Dataset withField(String field, List<?> values) {
    return new WithField(this, field, values);
  }

  /**
   * Splits the rows at random into three disjoint views that together contain every row, each in
   * the order of this dataset. The same rows, fractions and seed give the same split on every
   * machine. Validation and test get their fraction rounded to the nearest row, but at least one
   * row if the fraction is not 0; train gets the rest.
   *
   * @param train fraction of rows to train on
   * @param validation fraction of rows to validate on during training; may be 0
   * @param test fraction of rows to test on at the end; may be 0
   * @param seed seed of the choice
   * @return the parts
   * @throws IllegalArgumentException if a fraction is outside [0, 1], train is 0, or the three do
   *     not sum to 1 (within 1e-9)
   * @throws DatasetException if there are too few rows for every part to get one
   */
  default Split split(double train, double validation, double test, long seed) {
    return Split.of(this, train, validation, test, seed);
  }

  /**
   * Splits the rows at random into training and validation rows without a test part, as {@link
   * #split(double, double, double, long)} does.
   *
   * @return the split, with an empty test part
   * @throws IllegalArgumentException if a fraction is outside [0, 1], train is 0, or the two do not
   *     sum to 1 (within 1e-9)
   * @throws DatasetException if there are too few rows for every part to get one
   */
  default Split split(double train, double validation, long seed) {
    return split(train, validation, 0, seed);
  }

  /**
   * Splits the rows at random: 80 % for training, 10 % for validation, 10 % for testing. {@link
   * Splitter} has other methods.
   *
   * @return the parts
   * @throws DatasetException if there are too few rows for every part to get one
   */
  default Split split(long seed) {
    return split(Split.TRAIN, Split.VALIDATION, Split.TEST, seed);
  }
}
