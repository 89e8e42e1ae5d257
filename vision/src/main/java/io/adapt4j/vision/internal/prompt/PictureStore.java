package io.adapt4j.vision.internal.prompt;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.load.LoadedModel;
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
 * Rows of pictures for a text model: computed by its tower with the adapters of the prompt, and
 * kept for later prompts within a limit. Thread-safe.
 */
public final class PictureStore implements AutoCloseable {

  private final Decoder decoder;
  private final AdapterSet adapters;
  private final SingleUse use;
  private final PictureTower tower;

  /** Pictures by their digests, least recently used first. */
  private final Map<String, Pictures.Held> kept = new LinkedHashMap<>(16, 0.75f, true);

  private long limit;
  private long bytes;

  /**
   * Creates an empty store.
   *
   * @param use lock of the text model, whose adapters may change the tower too
   * @param tower closed with this
   * @param limit bytes of rows that no prompt uses
   */
  public PictureStore(LoadedModel parts, SingleUse use, PictureTower tower, long limit) {
    this.decoder = parts.decoder();
    this.adapters = parts.adapters();
    this.use = use;
    this.tower = tower;
    this.limit = limit;
  }

  /**
   * Returns a picture's rows, closed by the caller.
   *
   * @param alone name of the only adapter; empty for the active ones
   * @param pixels what the tower takes, if the rows are not there yet
   */
  public Pictures.Held hold(String digest, Optional<String> alone, Supplier<PixelBatch> pixels) {
    return use.share(
        () -> {
          boolean isPlain = adapters.isUntouched();
          Optional<Pictures.Held> known =
              isPlain ? find(digest) : use.call(() -> find(digest + adapters.key(alone)));
          if (known.isPresent()) {
            return known.get();
          }
          PixelBatch batch = pixels.get();
          if (isPlain) {
            PictureRows rows = rows(batch);
            if (adapters.isUntouched()) {
              return add(digest, rows);
            }
            rows.close(); // an adapter may have changed the tower meanwhile
          }
          return use.call(() -> computed(digest + adapters.key(alone), alone, batch));
        });
  }

  /** Computes rows, while nothing else uses the model. */
  private Pictures.Held computed(String digest, Optional<String> alone, PixelBatch batch) {
    return find(digest)
        .orElseGet(
            () ->
                add(
                    digest,
                    alone
                        .map(name -> adapters.with(name, () -> rows(batch)))
                        .orElseGet(() -> rows(batch))));
  }

  private Optional<Pictures.Held> find(String digest) {
    Optional<Pictures.Held> known = decoder.pictures().find(digest);
    known.ifPresent(held -> keep(digest, held));
    return known;
  }

  private Pictures.Held add(String digest, PictureRows rows) {
    Pictures.Held held = decoder.pictures().hold(digest, rows);
    keep(digest, held);
    return held;
  }

  private PictureRows rows(PixelBatch pixels) {
    synchronized (tower) {
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

  /** Drops all rows that no prompt uses, and closes the tower; after the text model. */
  @Override
  public void close() {
    limit(-1);
    tower.close();
  }
}
