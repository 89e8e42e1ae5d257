package io.adapt4j.gguf.internal.family;

/**
 * How the values of a checkpoint's tensor lie in a GGUF file.
 *
 * @param kind what differs
 * @param heads the number of heads whose rows are reordered; 0 where rows keep their order
 * @param keyValueHeads the number of heads of keys and values, where queries stand beside them
 */
public record Layout(Kind kind, int heads, int keyValueHeads) {

  /** What differs between a checkpoint and a GGUF file. */
  public enum Kind {
    /** Nothing. */
    SAME,
    /**
     * Rows of a head alternate between its two halves, so that values rotated together are
     * neighbors.
     */
    ROTARY_PAIRS,
    /** All queries, then all keys, then all values, instead of group by group. */
    QUERIES_KEYS_VALUES,
    /** Of a matrix of groups the queries, whose halves alternate as with rotary pairs. */
    QUERIES,
    /** Of a matrix of groups the keys, whose halves alternate as with rotary pairs. */
    KEYS,
    /** Of a matrix of groups the values. */
    VALUES,
    /** The checkpoint stores a norm's weight as the difference from 1. */
    PLUS_ONE,
    /** The checkpoint stores a matrix as [in, out]. */
    TRANSPOSED
  }

  /** Values in the order of the checkpoint. */
  public static final Layout SAME = new Layout(Kind.SAME, 0, 0);

  /** A norm's weight, 1 larger than in the checkpoint. */
  public static final Layout PLUS_ONE = new Layout(Kind.PLUS_ONE, 0, 0);

  /** A matrix that the checkpoint stores as [in, out]. */
  public static final Layout TRANSPOSED = new Layout(Kind.TRANSPOSED, 0, 0);

  static Layout rotaryPairs(int heads) {
    return new Layout(Kind.ROTARY_PAIRS, heads, 0);
  }

  static Layout queriesKeysValues(int heads, int keyValueHeads) {
    return new Layout(Kind.QUERIES_KEYS_VALUES, heads, keyValueHeads);
  }

  /**
   * A part of a matrix in which the queries of each head of keys and values stand before its key
   * and value.
   */
  static Layout part(Kind kind, int heads, int keyValueHeads) {
    return new Layout(kind, heads, keyValueHeads);
  }

  /** The layout of the bias that goes with a weight: only an order of rows applies to both. */
  Layout ofBias() {
    return reordersRows() ? this : SAME;
  }

  /** {@return whether rows stand in another order} */
  public boolean reordersRows() {
    return kind == Kind.ROTARY_PAIRS || kind == Kind.QUERIES_KEYS_VALUES || isPart();
  }

  /** {@return whether the GGUF tensor has some of the rows only} */
  public boolean isPart() {
    return kind == Kind.QUERIES || kind == Kind.KEYS || kind == Kind.VALUES;
  }

  /**
   * Returns how many rows the GGUF tensor has.
   *
   * @param stored the rows of the checkpoint's tensor
   * @return the number of rows
   */
  public long ggufRows(long stored) {
    if (!isPart()) {
      return stored;
    }
    long dim = stored / (heads + 2L * keyValueHeads);
    return dim * (kind == Kind.QUERIES ? heads : keyValueHeads);
  }

  /**
   * Finds a row of the GGUF tensor in the checkpoint's.
   *
   * @param row a row of the GGUF tensor
   * @param rows the number of rows
   * @return the row of the checkpoint's tensor with the same values
   */
  public long storedRow(long row, long rows) {
    return switch (kind) {
      case ROTARY_PAIRS -> unpaired(row, rows / heads);
      case QUERIES_KEYS_VALUES -> {
        long dim = rows / (heads + 2L * keyValueHeads);
        long head = row / dim;
        yield inGroups(head) * dim + row % dim;
      }
      case QUERIES -> inGroups(unpaired(row, rows / heads), rows / heads, 0);
      case KEYS -> inGroups(unpaired(row, rows / keyValueHeads), rows / keyValueHeads, heads);
      case VALUES -> inGroups(row, rows / keyValueHeads, heads + keyValueHeads);
      default -> row;
    };
  }

  private static long unpaired(long row, long dim) {
    long within = row % dim;
    return row - within + within % 2 * (dim / 2) + within / 2;
  }

  private long inGroups(long row, long dim, long before) {
    return inGroups(before + row / dim) * dim + row % dim;
  }

  /** Of queries, keys and values one after the other, where a head is in its group. */
  private long inGroups(long head) {
    int queries = heads / keyValueHeads;
    if (head < heads) {
      return head / queries * (queries + 2) + head % queries;
    }
    long part = (head - heads) / keyValueHeads;
    return (head - heads) % keyValueHeads * (queries + 2) + queries + part;
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
      int queries = heads / keyValueHeads;
      long dim = rows / (heads + 2L * keyValueHeads);
      long group = row / dim / (queries + 2);
      long within = row / dim % (queries + 2);
      long head =
          within < queries
              ? group * queries + within
              : heads + (within - queries) * keyValueHeads + group;
      return head * dim + row % dim;
    }
    if (isPart()) {
      throw new IllegalStateException("a part of a matrix is not read back into it");
    }
    return row;
  }
}
