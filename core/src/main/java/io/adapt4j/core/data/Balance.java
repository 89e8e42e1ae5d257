package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.Shuffle;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Ways to make classes of unequal size count alike: rows of small classes more than once, fewer
 * rows of large ones, or weights in the loss. Balance training data only: a balanced test set no
 * longer tells what happens in use. Deterministic; immutable.
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
   * @param dataset the rows, each read once now
   * @return the choice of ways
   * @throws DatasetException if a row has no label
   */
  public static Balance byLabel(Dataset dataset) {
    return new Balance(dataset, RowKeys.KeyOf.label(), true);
  }

  /**
   * Balances classes that a function tells.
   *
   * @param dataset the rows, each read once now
   * @param classOf tells the class of a row
   * @return the choice of ways
   */
  public static Balance by(Dataset dataset, Function<? super Example, String> classOf) {
    return new Balance(dataset, RowKeys.KeyOf.of(classOf), false);
  }

  /**
   * Repeats rows until every class is as large as the largest. Each row of a class occurs as often
   * as any other, or once more.
   *
   * @param seed seed of the choice of rows that occur once more
   * @return a view of all rows, those repeated among them, in the order of the dataset
   */
  public Dataset oversample(long seed) {
    int largest = Arrays.stream(classes).mapToInt(rows -> rows.length).max().orElse(0);
    return Subset.told(sample(largest, seed), origin("oversample", seed));
  }

  /**
   * Leaves rows out until every class is as small as the smallest.
   *
   * @param seed seed of the choice of rows that stay
   * @return a view of the rows that stay, in the order of the dataset
   */
  public Dataset undersample(long seed) {
    int smallest = Arrays.stream(classes).mapToInt(rows -> rows.length).min().orElse(0);
    return Subset.told(sample(smallest, seed), origin("undersample", seed));
  }

  /**
   * Weights every row with {@code rows / (classes x rows of its class)}, so that classes count
   * alike and the mean weight is 1.
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
