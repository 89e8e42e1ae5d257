package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * Rows that take the places of a picture's tokens.
 *
 * @param rows [tokens, hidden]
 * @param deeper what is added to these places after each of the first layers, in the same shape
 * @param places positions of each axis relative to the first row; empty if rows count as tokens
 * @param span number of positions that the picture takes; its number of rows if they count as
 *     tokens
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PictureRows(Tensor rows, List<Tensor> deeper, int[][] places, int span)
    implements AutoCloseable {

  /** Creates rows that count as tokens. */
  public static PictureRows of(Tensor rows, List<Tensor> deeper) {
    return new PictureRows(rows, deeper, new int[0][], Math.toIntExact(rows.size(0)));
  }

  /**
   * Creates rows with a position in height and in width each, all at one time (Qwen2-VL, Wang et
   * al. 2024).
   */
  public static PictureRows onGrid(Tensor rows, List<Tensor> deeper, int height, int width) {
    int count = Math.toIntExact(rows.size(0));
    if (count != height * width) {
      throw new IllegalArgumentException(
          "rows: expected " + height + " x " + width + " of a picture, found " + count);
    }
    int[][] places = new int[PictureRule.AXES][count];
    for (int row = 0; row < count; row++) {
      places[1][row] = row / width;
      places[2][row] = row % width;
    }
    return new PictureRows(rows, deeper, places, Math.max(height, width));
  }

  /** Returns the number of rows. */
  public int count() {
    return Math.toIntExact(rows.size(0));
  }

  @Override
  public void close() {
    rows.close();
    deeper.forEach(Tensor::close);
  }
}
