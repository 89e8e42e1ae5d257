package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import java.util.BitSet;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** View whose rows are changed when they are read. */
record Changed(Dataset all, UnaryOperator<Example> change) implements Dataset {

  BitSet rows() {
    BitSet rows = new BitSet();
    for (int row = 0; row < size(); row++) {
      Example before = all.get(row);
      rows.set(row, !change.apply(before).equals(before));
    }
    return rows;
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
    return change.apply(all.get(row));
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
