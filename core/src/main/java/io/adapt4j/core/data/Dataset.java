package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rows of training data with random access. An implementation reads rows on demand rather than
 * holding them, gives the same row for the same number every time, and may be read from several
 * threads.
 */
public interface Dataset {

  /**
   * Returns what to call the data in messages.
   *
   * @return a name, for a file its path
   */
  String name();

  /** {@return the number of rows, at least 0} */
  int size();

  /**
   * Reads a row.
   *
   * @param row its number, from 0
   * @return the row
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws DatasetException if it can no longer be read
   */
  Example get(int row);

  /**
   * Says where a row comes from, for messages.
   *
   * @param row its number, from 0
   * @return for a file its name and line
   */
  default String locate(int row) {
    return name() + " row " + row;
  }

  /**
   * Returns the fields that a row was made of, for what an example does not carry, such as the key
   * of a conversation or a time.
   *
   * @param row its number, from 0
   * @return the fields; empty if the dataset does not come from a file and was given none
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws DatasetException if it can no longer be read
   */
  default Optional<Row> source(int row) {
    Objects.checkIndex(row, size());
    return Optional.empty();
  }

  /**
   * Returns how much a row counts in the loss.
   *
   * @param row its number, from 0
   * @return the weight, above 0; 1 unless the dataset was weighted
   * @throws IndexOutOfBoundsException if there is no such row
   */
  default double weight(int row) {
    Objects.checkIndex(row, size());
    return 1;
  }

  /**
   * Tells how this data can be made again.
   *
   * @return a description, or why there is none
   */
  default DataOrigin origin() {
    return DataOrigin.omitted("rows of " + getClass().getName());
  }

  /**
   * Returns a view of the first rows.
   *
   * @param rows how many; all rows if there are fewer
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
   * Returns a view of some rows, in the order given. It costs four bytes a row.
   *
   * @param rows row numbers; one may occur more than once
   * @return the view
   * @throws IndexOutOfBoundsException if there is no such row
   */
  default Dataset subset(int... rows) {
    return new Subset(this, rows);
  }

  /**
   * Returns the same rows with weights in the loss. Weights that the rows already have are
   * multiplied.
   *
   * @param weights one for each row, above 0; copied
   * @return the view
   * @throws IllegalArgumentException if there are not as many weights as rows, or one is not above
   *     0 and finite
   */
  default Dataset weighted(double... weights) {
    return new Weighted(this, weights);
  }

  /**
   * Returns the same rows with a field beside the example, in {@link #source}: the margin of a
   * pair, what a reward function compares with, the key to split by. For rows in memory, and for
   * what is computed from those of files.
   *
   * @param field its name; a field of that name that rows already have is hidden
   * @param values one for each row: texts, numbers, booleans, null, lists or maps of these
   * @return the view
   * @throws IllegalArgumentException if there are not as many values as rows, or one is of another
   *     type
   */
  default Dataset withField(String field, List<?> values) {
    return new WithField(this, field, values);
  }

  /**
   * Parts the rows at random into three disjoint views that together hold every row, each in the
   * order of this dataset. The same rows, fractions and seed give the same parts on every machine.
   * Validation and test get their fraction rounded to the nearest row, but at least one row where
   * the fraction is not 0; train gets the rest.
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
   * Parts the rows at random into rows to train on and rows to validate on, with none to test on,
   * as {@link #split(double, double, double, long)} does.
   *
   * @param train fraction of rows to train on
   * @param validation fraction of rows to validate on during training; may be 0
   * @param seed seed of the choice
   * @return the parts; that of the test is empty
   * @throws IllegalArgumentException if a fraction is outside [0, 1], train is 0, or the two do not
   *     sum to 1 (within 1e-9)
   * @throws DatasetException if there are too few rows for every part to get one
   */
  default Split split(double train, double validation, long seed) {
    return split(train, validation, 0, seed);
  }

  /**
   * Parts the rows at random: 80 % to train on, 10 % to validate on, 10 % to test on. {@link
   * Splitter} knows other ways.
   *
   * @param seed seed of the choice
   * @return the parts
   * @throws DatasetException if there are too few rows for every part to get one
   */
  default Split split(long seed) {
    return split(Split.TRAIN, Split.VALIDATION, Split.TEST, seed);
  }
}
