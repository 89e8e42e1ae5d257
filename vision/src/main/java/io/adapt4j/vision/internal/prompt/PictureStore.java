package io.adapt4j.vision.internal.prompt;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.picture.PictureRows;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.tower.PictureTower;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Rows of pictures for a text model: computed by its tower, and kept for later prompts within a
 * limit. Thread-safe.
 */
public final class PictureStore implements AutoCloseable {

  private final Decoder decoder;
  private final PictureTower tower;

  /** Pictures by their digests, least recently used first. */
  private final Map<String, Pictures.Held> kept = new LinkedHashMap<>(16, 0.75f, true);

  private long limit;
  private long bytes;
  private boolean closed;

  /**
   * Creates an empty store.
   *
   * @param tower closed with this
   * @param limit bytes of rows that no prompt uses
   */
  public PictureStore(Decoder decoder, PictureTower tower, long limit) {
    this.decoder = decoder;
    this.tower = tower;
    this.limit = limit;
  }

  /**
   * Returns a picture's rows, closed by the caller.
   *
   * @param digest of the picture
   * @param pixels what the tower takes, if the rows are not there yet
   */
  public Pictures.Held hold(String digest, Supplier<PixelBatch> pixels) {
    Optional<Pictures.Held> known = decoder.pictures().find(digest);
    Pictures.Held held =
        known.isPresent() ? known.get() : decoder.pictures().hold(digest, rows(pixels.get()));
    keep(digest, held);
    return held;
  }

  private PictureRows rows(PixelBatch pixels) {
    synchronized (tower) {
      if (closed) {
        throw new IllegalStateException("This VisionLanguageModel has been closed");
      }
      try (Scope scope = Scope.open(decoder.engine())) {
        PictureFeatures features = tower.forward(Ops.inference(), pixels);
        List<Tensor> deeper = new ArrayList<>();
        for (Tensor added : features.deeper()) {
          deeper.add(added.copyAs(decoder.type()).own());
        }
        Tensor rows = features.rows().copyAs(decoder.type()).own();
        if (!decoder.pictures().rule().hasAxes()) {
          return PictureRows.of(rows, deeper);
        }
        int[] grid = pixels.grids()[0];
        int side = (int) Math.sqrt(grid[1] * (double) grid[2] / rows.size(0));
        return PictureRows.onGrid(rows, deeper, grid[1] / side, grid[2] / side);
      }
    }
  }

  private void keep(String digest, Pictures.Held held) {
    synchronized (kept) {
      if (kept.get(digest) == null) {
        kept.put(digest, held.again());
        bytes += bytes(held);
        shrink();
      }
    }
  }

  private void shrink() {
    while (bytes > limit && !kept.isEmpty()) {
      try (Pictures.Held oldest = kept.remove(kept.keySet().iterator().next())) {
        bytes -= bytes(oldest);
      }
    }
  }

  private static long bytes(Pictures.Held held) {
    PictureRows rows = held.rows();
    return rows.rows().count() * rows.rows().type().bytes() * (1 + rows.deeper().size());
  }

  /** Sets the limit and drops what exceeds it. */
  public void limit(long most) {
    synchronized (kept) {
      limit = most;
      shrink();
    }
  }

  /** Drops all rows that no prompt uses, and closes the tower. */
  @Override
  public void close() {
    limit(-1);
    synchronized (tower) {
      closed = true;
      tower.close();
    }
  }
}
