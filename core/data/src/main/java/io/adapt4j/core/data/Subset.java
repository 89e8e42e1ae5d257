package io.adapt4j.core.data;

import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/** A view of some rows of another dataset. */
final class Subset implements Dataset {

  private final Dataset all;
  private final int[] rows;
  private final DataOrigin origin;

  Subset(Dataset all, int[] rows) {
    this(all, rows, all.origin().thenOmitted("rows chosen by a program"));
  }

  private Subset(Dataset all, int[] rows, DataOrigin origin) {
    for (int row : rows) {
      Objects.checkIndex(row, all.size());
    }
    this.all = all;
    this.rows = rows.clone();
    this.origin = origin;
  }

  /** Returns the same rows with another origin. */
  static Dataset told(Dataset rows, DataOrigin origin) {
    return rows instanceof Subset one
        ? new Subset(one.all, one.rows, origin)
        : new Subset(rows, IntStream.range(0, rows.size()).toArray(), origin);
  }

  @Override
  public DataOrigin origin() {
    return origin;
  }

  @Override
  public String name() {
    return all.name();
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public Example get(int row) {
    return all.get(rows[row]);
  }

  @Override
  public String locate(int row) {
    return all.locate(rows[row]);
  }

  @Override
  public Optional<Row> source(int row) {
    return all.source(rows[row]);
  }

  @Override
  public String part(int row) {
    return all.part(rows[row]);
  }

  @Override
  public double weight(int row) {
    return all.weight(rows[row]);
  }
}
