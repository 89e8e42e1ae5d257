package io.adapt4j.core.data;

import java.util.Optional;

/** Base of views that delegate to another dataset and change one aspect. */
abstract class DatasetView implements Dataset {

  private final Dataset all;
  private final DataOrigin origin;

  DatasetView(Dataset all, DataOrigin origin) {
    this.all = all;
    this.origin = origin;
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
    return all.size();
  }

  @Override
  public Example get(int row) {
    return all.get(row);
  }

  @Override
  public String locate(int row) {
    return all.locate(row);
  }

  @Override
  public Optional<Row> source(int row) {
    return all.source(row);
  }

  @Override
  public String part(int row) {
    return all.part(row);
  }

  @Override
  public double weight(int row) {
    return all.weight(row);
  }
}
