package io.adapt4j.gguf.internal.family;

import java.util.Arrays;

/** Selection and permutation of a checkpoint tensor's rows in a GGUF tensor. */
public interface RowOrder {

  /** All rows, unchanged. */
  RowOrder SAME =
      new RowOrder() {
        @Override
        public long rows(long stored) {
          return stored;
        }

        @Override
        public long storedRow(long row, long rows) {
          return row;
        }

        @Override
        public long ggufRow(long row, long stored) {
          return row;
        }
      };

  /** Returns the number of rows of the GGUF tensor. */
  long rows(long stored);

  /** Maps a row of the GGUF tensor to the checkpoint's. */
  long storedRow(long row, long rows);

  /**
   * Maps a row of the checkpoint's tensor to the GGUF tensor; the inverse of {@link #storedRow}.
   */
  long ggufRow(long row, long stored);

  /** Returns one of several equal consecutive parts. */
  static RowOrder part(int number, int parts) {
    return new RowOrder() {
      @Override
      public long rows(long stored) {
        return stored / parts;
      }

      @Override
      public long storedRow(long row, long rows) {
        return number * rows + row;
      }

      @Override
      public long ggufRow(long row, long stored) {
        long rows = stored / parts;
        return row / rows == number ? row % rows : -1;
      }
    };
  }

  /** Returns all rows except the first ones, which are absent in a file. */
  static RowOrder from(int skipped) {
    return new RowOrder() {
      @Override
      public long rows(long stored) {
        return stored - skipped;
      }

      @Override
      public long storedRow(long row, long rows) {
        return row + skipped;
      }

      @Override
      public long ggufRow(long row, long stored) {
        return row - skipped;
      }
    };
  }

  /**
   * Returns all rows padded with zeros.
   *
   * @return the order, which maps zero rows to -1
   */
  static RowOrder padded(int stored, int all) {
    return new RowOrder() {
      @Override
      public long rows(long count) {
        return all;
      }

      @Override
      public long storedRow(long row, long count) {
        return row < stored ? row : -1;
      }

      @Override
      public long ggufRow(long row, long count) {
        return row;
      }
    };
  }

  /** Returns every n-th row. */
  static RowOrder each(int step, int first) {
    return new RowOrder() {
      @Override
      public long rows(long stored) {
        return stored / step;
      }

      @Override
      public long storedRow(long row, long rows) {
        return row * step + first;
      }

      @Override
      public long ggufRow(long row, long stored) {
        return row % step == first ? row / step : -1;
      }
    };
  }

  /** Returns the listed rows. */
  static RowOrder listed(int[] rows, int stored) {
    int[] inverse = new int[stored];
    Arrays.fill(inverse, -1);
    for (int i = 0; i < rows.length; i++) {
      inverse[rows[i]] = i;
    }
    return new RowOrder() {
      @Override
      public long rows(long count) {
        return rows.length;
      }

      @Override
      public long storedRow(long row, long count) {
        return rows[(int) row];
      }

      @Override
      public long ggufRow(long row, long count) {
        return inverse[(int) row];
      }
    };
  }

  /**
   * Interleaves the two halves of each head's rotated part, so that values rotated together are
   * adjacent.
   */
  static RowOrder rotaryPairs(int heads, double share) {
    return new RowOrder() {
      @Override
      public long rows(long stored) {
        return stored;
      }

      @Override
      public long storedRow(long row, long rows) {
        long dim = rows / heads;
        long rotated = Math.round(dim * share);
        long within = row % dim;
        return within < rotated ? row - within + within % 2 * (rotated / 2) + within / 2 : row;
      }

      @Override
      public long ggufRow(long row, long stored) {
        long dim = stored / heads;
        long rotated = Math.round(dim * share);
        long within = row % dim;
        return within < rotated
            ? row - within + within % (rotated / 2) * 2 + within / (rotated / 2)
            : row;
      }
    };
  }

  /** Reorders from head by head to all queries, then all keys, then all values. */
  static RowOrder queriesKeysValues(int heads) {
    return new RowOrder() {
      @Override
      public long rows(long stored) {
        return stored;
      }

      @Override
      public long storedRow(long row, long rows) {
        long dim = rows / (3L * heads);
        long part = row / (heads * dim);
        long head = row / dim % heads;
        return (head * 3 + part) * dim + row % dim;
      }

      @Override
      public long ggufRow(long row, long stored) {
        long dim = stored / (3L * heads);
        long head = row / (3 * dim);
        long part = row / dim % 3;
        return (part * heads + head) * dim + row % dim;
      }
    };
  }
}
