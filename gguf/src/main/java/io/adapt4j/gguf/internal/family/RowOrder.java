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

  /**
   * Returns how many rows the GGUF tensor has.
   *
   * @param stored the number of the checkpoint's rows
   * @return the number
   */
  long rows(long stored);

  /**
   * Finds a row of the GGUF tensor in the checkpoint's.
   *
   * @param row a row of the GGUF tensor
   * @param rows the number of its rows
   * @return the row of the checkpoint's tensor with the same values; negative for zeros
   */
  long storedRow(long row, long rows);

  /**
   * Finds a row of the checkpoint's tensor in the GGUF tensor; the inverse of {@link #storedRow}.
   *
   * @param row a row of the checkpoint's tensor
   * @param stored the number of the checkpoint's rows
   * @return the row of the GGUF tensor with the same values; negative if another one has it
   */
  long ggufRow(long row, long stored);

  /**
   * Takes one of several equal parts that follow each other.
   *
   * @param number which, from 0
   * @param parts how many there are
   * @return the order
   */
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

  /**
   * Takes all rows but the first ones, which a file that is read does not have.
   *
   * @param skipped how many are left out
   * @return the order
   */
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
   * @param stored how many the checkpoint's tensor has
   * @param all how many the GGUF tensor has, at least as many
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

  /**
   * Takes every so many rows.
   *
   * @param step of how many rows one is taken
   * @param first the first of them
   * @return the order
   */
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

  /**
   * Takes the rows of a list.
   *
   * @param rows of the checkpoint's tensor, in the file's order
   * @param stored how many the checkpoint's tensor has
   * @return the order
   */
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
   *
   * @param heads how many
   * @param share the rotated part of a head, from its beginning
   * @return the order
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

  /**
   * All queries, then all keys, then all values, instead of head by head.
   *
   * @param heads how many
   * @return the order
   */
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
