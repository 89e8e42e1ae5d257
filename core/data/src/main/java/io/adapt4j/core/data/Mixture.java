package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Shuffle;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Options for mixing datasets by weight. Each dataset contributes rows in proportion to its weight,
 * in random order; once all its rows are used, they are reshuffled and repeated. The rows of the
 * mixture are shuffled too.
 *
 * <pre>{@code
 * Dataset mixed = Datasets.mix().add(support, 0.9).add(general, 0.1).seed(42).build();
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class Mixture {

  private final List<Dataset> datasets = new ArrayList<>();
  private final List<Double> weights = new ArrayList<>();
  private int rows;
  private long seed;

  Mixture() {}

  /**
   * Adds a dataset.
   *
   * @param dataset the rows, at least one
   * @param weight its share, relative to the others; above 0
   * @throws IllegalArgumentException if it is empty, or the weight is not above 0 and finite
   */
  public Mixture add(Dataset dataset, double weight) {
    if (dataset.size() == 0) {
      throw new IllegalArgumentException(dataset.name() + ": no rows to mix");
    }
    if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weight must be above 0 and finite, found " + weight);
    }
    datasets.add(dataset);
    weights.add(weight);
    return this;
  }

  /**
   * Sets the size of the mixture. Default: the total number of rows of all datasets.
   *
   * @param count number of rows, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public Mixture rows(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("rows must be at least 1, found " + count);
    }
    this.rows = count;
    return this;
  }

  /**
   * Sets the seed of shuffling. Default: 0.
   *
   * @param choice the seed
   */
  public Mixture seed(long choice) {
    this.seed = choice;
    return this;
  }

  /**
   * Builds the mixture; nothing is read yet. It takes eight bytes per row.
   *
   * @return the mixture
   * @throws IllegalArgumentException if there are no datasets
   */
  public Dataset build() {
    if (datasets.isEmpty()) {
      throw new IllegalArgumentException("no datasets to mix");
    }
    int size = rows > 0 ? rows : Math.toIntExact(datasets.stream().mapToLong(Dataset::size).sum());
    double sum = weights.stream().mapToDouble(weight -> weight).sum();
    int[] sets = new int[size];
    int[] numbers = new int[size];
    int next = 0;
    double share = 0;
    for (int set = 0; set < datasets.size(); set++) {
      share += weights.get(set);
      int until =
          set == datasets.size() - 1 ? size : (int) Math.round(size * Math.min(1, share / sum));
      int[] order = {};
      for (int taken = 0; next < until; taken++, next++) {
        int of = datasets.get(set).size();
        if (taken % of == 0) {
          order = Shuffle.permutation(of, seed + set, taken / of);
        }
        sets[next] = set;
        numbers[next] = order[taken % of];
      }
    }
    Dataset ordered =
        new Mixed(List.copyOf(datasets), sets, numbers, DataOrigin.omitted("part of a mixture"));
    return Subset.told(ordered.subset(Shuffle.permutation(size, seed)), origin());
  }

  private DataOrigin origin() {
    ObjectNode description = JsonNodeFactory.instance.objectNode();
    ArrayNode parts = description.putArray("mix");
    List<DataOrigin> origins = datasets.stream().map(Dataset::origin).toList();
    for (int i = 0; i < origins.size(); i++) {
      ObjectNode part = origins.get(i).tree().orElseGet(description::objectNode);
      parts.add(part.put("weight", weights.get(i)));
    }
    if (rows > 0) {
      description.put("rows", rows);
    }
    return combined(description.put("seed", seed), origins);
  }

  /** Returns a description if all parts have one. */
  private static DataOrigin combined(ObjectNode description, List<DataOrigin> parts) {
    DataOrigin whole =
        DataOrigin.of(
            description, parts.stream().flatMap(part -> part.sources().stream()).toList());
    return parts.stream()
        .filter(part -> part.description().isEmpty())
        .findFirst()
        .map(part -> whole.thenOmitted(part.reason()))
        .orElse(whole);
  }

  /** Returns the concatenation of datasets. */
  static Dataset concatenation(List<? extends Dataset> datasets) {
    int size = Math.toIntExact(datasets.stream().mapToLong(Dataset::size).sum());
    int[] sets = new int[size];
    int[] numbers = new int[size];
    int next = 0;
    for (int set = 0; set < datasets.size(); set++) {
      for (int row = 0; row < datasets.get(set).size(); row++) {
        sets[next] = set;
        numbers[next++] = row;
      }
    }
    List<DataOrigin> origins = datasets.stream().map(Dataset::origin).toList();
    ObjectNode description = JsonNodeFactory.instance.objectNode();
    ArrayNode parts = description.putArray("concat");
    origins.forEach(origin -> parts.add(origin.tree().orElseGet(description::objectNode)));
    return new Mixed(List.copyOf(datasets), sets, numbers, combined(description, origins));
  }

  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Mixed(List<Dataset> datasets, int[] sets, int[] rows, DataOrigin origin)
      implements Dataset {

    private Dataset of(int row) {
      Objects.checkIndex(row, sets.length);
      return datasets.get(sets[row]);
    }

    @Override
    public String name() {
      return String.join(" + ", datasets.stream().map(Dataset::name).toList());
    }

    @Override
    public int size() {
      return sets.length;
    }

    @Override
    public Example get(int row) {
      return of(row).get(rows[row]);
    }

    @Override
    public String locate(int row) {
      return of(row).locate(rows[row]);
    }

    @Override
    public Optional<Row> source(int row) {
      return of(row).source(rows[row]);
    }

    @Override
    public String part(int row) {
      return of(row).part(rows[row]);
    }

    @Override
    public double weight(int row) {
      return of(row).weight(rows[row]);
    }
  }
}
