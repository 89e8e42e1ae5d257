package io.adapt4j.gguf.internal.layout;

/**
 * Row order of a fused query, key and value matrix that interleaves by key-value head: its queries,
 * then its key, then its value. Files have all queries, then all keys, then all values, in one
 * tensor or in three.
 */
public final class GroupedRows {

  /** The part of the matrix that a GGUF tensor holds. */
  public enum Part {
    /** All rows. */
    ALL,
    /** The queries. */
    QUERIES,
    /** The keys. */
    KEYS,
    /** The values. */
    VALUES
  }

  private final int queries;
  private final int groups;
  private final boolean pairs;

  /** Number of heads in the part, and of those preceding them. */
  private final int heads;

  private final int before;

  private GroupedRows(int queries, int groups, Part part, boolean pairs) {
    this.queries = queries;
    this.groups = groups;
    this.pairs = pairs;
    this.heads =
        switch (part) {
          case ALL -> queries + 2 * groups;
          case QUERIES -> queries;
          case KEYS, VALUES -> groups;
        };
    this.before =
        switch (part) {
          case ALL, QUERIES -> 0;
          case KEYS -> queries;
          case VALUES -> queries + groups;
        };
  }

  public static Layout all(int queries, int groups) {
    return new GroupedRows(queries, groups, Part.ALL, false).layout();
  }

  /** The rows of a part; for queries and keys, rows of a head alternate between its two halves. */
  public static Layout paired(int queries, int groups, Part part) {
    return new GroupedRows(queries, groups, part, part != Part.VALUES).layout();
  }

  private Layout layout() {
    return Layout.SAME.with(new RowOrder(this::rows, this::storedRow, this::ggufRow));
  }

  private long rows(long stored) {
    return stored / (queries + 2L * groups) * heads;
  }

  private long storedRow(long row, long rows) {
    long dim = rows / heads;
    long within = row % dim;
    if (pairs) {
      within = within % 2 * (dim / 2) + within / 2;
    }
    return storedHead(before + row / dim) * dim + within;
  }

  private long storedHead(long head) {
    int inGroup = queries / groups;
    if (head < queries) {
      return head / inGroup * (inGroup + 2) + head % inGroup;
    }
    long key = head - queries;
    return key % groups * (inGroup + 2) + inGroup + key / groups;
  }

  private long ggufRow(long row, long stored) {
    long dim = stored / (queries + 2L * groups);
    long head = ggufHead(row / dim) - before;
    if (head < 0 || head >= heads) {
      return -1;
    }
    long within = row % dim;
    if (pairs) {
      within = within % (dim / 2) * 2 + within / (dim / 2);
    }
    return head * dim + within;
  }

  private long ggufHead(long head) {
    int inGroup = queries / groups;
    long group = head / (inGroup + 2);
    long within = head % (inGroup + 2);
    return within < inGroup
        ? group * inGroup + within
        : queries + (within - inGroup) * groups + group;
  }
}
