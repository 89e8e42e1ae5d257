package io.adapt4j.core.internal.nn.sequence;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Absolute positions of one side of an encoder-decoder. */
public record SourcePositions(Parameter table, int offset, Kind kind) {

  /** Kind of position embedding. */
  public enum Kind {
    /** Learned parameters. */
    LEARNED,
    /**
     * Sines in the first half, then cosines (Vaswani et al. 2017), unless the file has the table:
     * like Transformers, the model then uses it, whatever its values.
     */
    SINES,
    /**
     * Like {@link #SINES}, but with the frequencies of fairseq, of which the slowest is 1 / 10000.
     */
    FAIRSEQ_SINES
  }

  public boolean computed() {
    return kind != Kind.LEARNED;
  }

  private static final double LONGEST = 10_000;

  public int limit() {
    return Math.toIntExact(table.sizes()[0]) - offset;
  }

  public List<Parameter> parameters() {
    return computed() ? List.of() : List.of(table);
  }

  Tensor forward(Ops ops, Tensor ids) {
    return ops.embedding(ids, table);
  }

  /** Returns the ids of consecutive positions, repeated for each row. */
  public long[] ids(int first, int rows, int length) {
    if (first + length > limit()) {
      throw new IllegalArgumentException(
          "A text reaches position "
              + (first + length - 1)
              + ", but the model has "
              + limit()
              + " positions; shorten the text");
    }
    long[] ids = new long[rows * length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (long) offset + first + i % length;
    }
    return ids;
  }

  /** Returns one value of a computed table. */
  public double computed(long row, int column) {
    int width = Math.toIntExact(table.sizes()[1]);
    int sines = (width + 1) / 2;
    int half = width / 2;
    int at = column % sines;
    double part = kind == Kind.SINES ? 2.0 * at / width : at / (half - 1.0);
    double angle = row / Math.pow(LONGEST, part);
    return column < sines ? Math.sin(angle) : Math.cos(angle);
  }

  /** Returns whether a stored table is read, since its values may differ. */
  public boolean readsStored() {
    return kind == Kind.SINES;
  }

  /** Fills a computed table. */
  public void compute() {
    int count = Math.toIntExact(table.sizes()[0]);
    int width = Math.toIntExact(table.sizes()[1]);
    float[] values = new float[count * width];
    for (int at = 0; at < count; at++) {
      for (int i = 0; i < width; i++) {
        values[at * width + i] = (float) computed(at, i);
      }
    }
    try (Tensor made = Tensor.of(values, count, width)) {
      table.value().copyFrom(made);
    }
  }
}
