package io.adapt4j.gguf.internal.family;

import java.util.Arrays;

/** Which rows of a checkpoint's tensor a GGUF tensor has, and in which order. */
public interface RowOrder {

  /** All rows as they are. */
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

  /** Returns how many rows the GGUF tensor has. */
  long rows(long stored);

  /** Finds a row of the GGUF tensor in the checkpoint's. */
  long storedRow(long row, long rows);

  /**
   * Finds a row of the checkpoint's tensor in the GGUF tensor; the inverse of {@link #storedRow}.
   */
  long ggufRow(long row, long stored);

  /** Takes one of several equal parts that follow each other. */
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

  /** Takes all rows but the first ones, which a file that is read does not have. */
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
   * Takes all rows, and zeros after them.
   *
   * @return the order, which finds rows of zeros at -1
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

  /** Takes every so many rows. */
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

  /** Takes the rows of a list. */
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
   * Rows of a head alternate between the two halves of its rotated part, so that values rotated
   * together are neighbors.
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

  /** All queries, then all keys, then all values, instead of head by head. */
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
