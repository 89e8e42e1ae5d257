package io.adapt4j.core.data;

import java.util.Objects;
import java.util.Optional;

/** A view of some rows of another dataset. */
final class Subset implements Dataset {

  private final Dataset all;
  private final int[] rows;

  Subset(Dataset all, int[] rows) {
    for (int row : rows) {
      Objects.checkIndex(row, all.size());
    }
    this.all = all;
    this.rows = rows.clone();
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
  public double weight(int row) {
    return all.weight(rows[row]);
  }
}
