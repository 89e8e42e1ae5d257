package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.Shuffle;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Balances classes of unequal size by oversampling, undersampling or weights in the loss. Balance
 * training data only: a balanced test set no longer reflects production data. Deterministic;
 * immutable.
 */
public final class Balance {

  private final Dataset dataset;
  private final int[][] classes;
  private final boolean byLabel;

  private Balance(Dataset dataset, RowKeys.KeyOf keyOf, boolean byLabel) {
    this.dataset = dataset;
    this.byLabel = byLabel;
    this.classes = RowKeys.of(dataset, keyOf).rows();
  }

  /**
   * Balances the labels of {@link Example.Classified} rows.
   *
   * @param dataset the rows, each of which is read once now
   * @return the balancing methods
   * @throws DatasetException if a row has no label
   */
  public static Balance byLabel(Dataset dataset) {
    return new Balance(dataset, RowKeys.KeyOf.label(), true);
  }

  /**
   * Balances classes given by a function.
   *
   * @param dataset the rows, each of which is read once now
   * @param classOf returns the class of a row
   * @return the balancing methods
   */
  public static Balance by(Dataset dataset, Function<? super Example, String> classOf) {
    return new Balance(dataset, RowKeys.KeyOf.of(classOf), false);
  }

  /**
   * Repeats rows until every class is as large as the largest. Repetitions are spread evenly: the
   * counts of two rows of a class differ by at most 1.
   *
   * @param seed seed of the choice of rows that occur once more than others
   * @return a view of all rows including the repeated ones, in the order of the dataset
   */
  public Dataset oversample(long seed) {
    int largest = Arrays.stream(classes).mapToInt(rows -> rows.length).max().orElse(0);
    return Subset.told(sample(largest, seed), origin("oversample", seed));
  }

  /**
   * Drops rows until every class is as small as the smallest.
   *
   * @param seed seed of the choice of rows to keep
   * @return a view of the kept rows, in the order of the dataset
   */
  public Dataset undersample(long seed) {
    int smallest = Arrays.stream(classes).mapToInt(rows -> rows.length).min().orElse(0);
    return Subset.told(sample(smallest, seed), origin("undersample", seed));
  }

  /**
   * Weights every row by {@code rows / (classes x rows of its class)}, so that classes have equal
   * total weight and the mean weight is 1.
   *
   * @return the same rows with {@link Dataset#weight}
   */
  public Dataset weights() {
    double[] weights = new double[dataset.size()];
    for (int[] rows : classes) {
      double weight = dataset.size() / ((double) classes.length * rows.length);
      for (int row : rows) {
        weights[row] = weight;
      }
    }
    return new Weighted(dataset, weights, then(TextNode.valueOf("weights")));
  }

  private DataOrigin origin(String way, long seed) {
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    options.putObject(way).put("seed", seed);
    return then(options);
  }

  private DataOrigin then(JsonNode options) {
    return byLabel
        ? dataset.origin().then("balance", options)
        : dataset.origin().thenOmitted("classes told by a function");
  }

  private Dataset sample(int size, long seed) {
    int[] chosen = new int[Math.multiplyExact(size, classes.length)];
    int next = 0;
    for (int number = 0; number < classes.length; number++) {
      int[] rows = classes[number];
      int[] order = Shuffle.permutation(rows.length, seed, number);
      for (int i = 0; i < size; i++) {
        chosen[next++] = rows[order[i % rows.length]];
      }
    }
    Arrays.sort(chosen);
    return dataset.subset(chosen);
  }
}
