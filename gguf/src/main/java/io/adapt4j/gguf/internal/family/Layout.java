package io.adapt4j.gguf.internal.family;

/**
 * How the values of a checkpoint's tensor lie in a GGUF file.
 *
 * @param kind what differs
 * @param heads the number of heads whose rows are reordered; 0 where rows keep their order
 */
public record Layout(Kind kind, int heads) {

  /** What differs between a checkpoint and a GGUF file. */
  public enum Kind {
    /** Nothing. */
    SAME,
    /**
     * Rows of a head alternate between its two halves, so that values rotated together are
     * neighbors.
     */
    ROTARY_PAIRS,
    /** All queries, then all keys, then all values, instead of head by head. */
    QUERIES_KEYS_VALUES,
    /** The checkpoint stores a norm's weight as the difference from 1. */
    PLUS_ONE,
    /** The checkpoint stores a matrix as [in, out]. */
    TRANSPOSED
  }

  /** Values in the order of the checkpoint. */
  public static final Layout SAME = new Layout(Kind.SAME, 0);

  /** A norm's weight, 1 larger than in the checkpoint. */
  public static final Layout PLUS_ONE = new Layout(Kind.PLUS_ONE, 0);

  /** A matrix that the checkpoint stores as [in, out]. */
  public static final Layout TRANSPOSED = new Layout(Kind.TRANSPOSED, 0);

  static Layout rotaryPairs(int heads) {
    return new Layout(Kind.ROTARY_PAIRS, heads);
  }

  static Layout queriesKeysValues(int heads) {
    return new Layout(Kind.QUERIES_KEYS_VALUES, heads);
  }

  /** The layout of the bias that goes with a weight: only an order of rows applies to both. */
  Layout ofBias() {
    return reordersRows() ? this : SAME;
  }

  /** {@return whether rows stand in another order} */
  public boolean reordersRows() {
    return kind == Kind.ROTARY_PAIRS || kind == Kind.QUERIES_KEYS_VALUES;
  }

  /**
   * Finds a row of the GGUF tensor in the checkpoint's.
   *
   * @param row a row of the GGUF tensor
   * @param rows the number of rows
   * @return the row of the checkpoint's tensor with the same values
   */
  public long storedRow(long row, long rows) {
    if (kind == Kind.ROTARY_PAIRS) {
      long dim = rows / heads;
      long within = row % dim;
      return row - within + within % 2 * (dim / 2) + within / 2;
    }
    if (kind == Kind.QUERIES_KEYS_VALUES) {
      long dim = rows / (3L * heads);
      long part = row / (heads * dim);
      long head = row / dim % heads;
      return (head * 3 + part) * dim + row % dim;
    }
    return row;
  }

  /**
   * Finds a row of the checkpoint's tensor in the GGUF tensor; the inverse of {@link #storedRow}.
   *
   * @param row a row of the checkpoint's tensor
   * @param rows the number of rows
   * @return the row of the GGUF tensor with the same values
   */
  public long ggufRow(long row, long rows) {
    if (kind == Kind.ROTARY_PAIRS) {
      long dim = rows / heads;
      long within = row % dim;
      return row - within + within % (dim / 2) * 2 + within / (dim / 2);
    }
    if (kind == Kind.QUERIES_KEYS_VALUES) {
      long dim = rows / (3L * heads);
      long head = row / (3 * dim);
      long part = row / dim % 3;
      return (part * heads + head) * dim + row % dim;
    }
    return row;
  }
}
