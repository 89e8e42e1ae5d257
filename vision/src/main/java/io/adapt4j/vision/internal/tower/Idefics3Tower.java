package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tower and projector of Idefics 3 (Laurençon et al. 2024), SmolVLM and Granite Docling: SigLIP's
 * layers on the tiles of a picture, positions by the share of the tile before a patch, and a pixel
 * shuffle before one projection.
 */
public final class Idefics3Tower implements PictureTower {

  private final TowerWeights weights = new TowerWeights("vision_model.", "connector.");
  private final SiglipEncoder encoder;
  private final LinearSlot projection;
  private final int factor;

  Idefics3Tower(ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", model.modelType() + "_vision");
    encoder =
        SiglipEncoder.declare(weights, "model.vision_model", vision, TowerSizes.Defaults.IDEFICS);
    factor = model.fields().positiveInt("scale_factor", 2);
    projection =
        weights.add(
            LinearSlot.of(
                "model.connector.modality_projection.proj",
                (long) encoder.sizes().hidden() * factor * factor,
                false,
                model.text().fields().positiveInt("hidden_size", 4096)));
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch given) {
    PixelBatch pixels = withoutEmpty(given);
    int tiles = pixels.shape().get(0);
    int rows = pixels.shape().get(2) / encoder.grid().patch();
    int columns = pixels.shape().get(3) / encoder.grid().patch();
    if (rows % factor != 0 || columns % factor != 0) {
      throw new IllegalArgumentException(
          "pixels: expected tiles of a multiple of %d patches along each side, found %d x %d"
              .formatted(factor, rows, columns));
    }
    try (Scope scope = Scope.open()) {
      Tensor states =
          encoder
              .norm()
              .forward(
                  ops,
                  encoder.layers(
                      ops, pixels, tile -> placed(pixels.mask(), tile, rows, columns), 0));
      int length = rows * columns;
      long[] order = TowerLayers.squares(rows, columns, factor, length, tiles);
      long width = projection.linear().inFeatures();
      int tokens = length / (factor * factor);
      Tensor shuffled = TowerLayers.rows(ops, states, order, 1, (long) tiles * tokens, width);
      Tensor features = TowerLayers.flat(ops, projection.forward(ops, shuffled));
      return PictureFeatures.equal(scope.keep(features), pixels.perPicture(), tokens);
    }
  }

  /** Places the patches of a tile by the part of it that shows something. */
  private SiglipEncoder.Placed placed(byte[] mask, int tile, int rows, int columns) {
    if (mask.length == 0) {
      return new SiglipEncoder.Placed(places(rows, columns, rows, columns, null), null);
    }
    long[] seen = new long[rows * columns];
    int patch = encoder.grid().patch();
    int width = columns * patch;
    for (int i = 0; i < seen.length; i++) {
      int start = (tile * rows + i / columns) * patch * width + i % columns * patch;
      for (int y = 0; y < patch && seen[i] == 0; y++) {
        for (int x = 0; x < patch; x++) {
          seen[i] |= mask[start + y * width + x];
        }
      }
    }
    int seenRows = 0;
    for (int row = 0; row < rows; row++) {
      seenRows += (int) seen[row * columns];
    }
    int seenColumns = (int) Arrays.stream(seen, 0, columns).sum();
    boolean all = Arrays.stream(seen).allMatch(value -> value != 0);
    return new SiglipEncoder.Placed(
        places(rows, columns, seenRows, seenColumns, seen), all ? null : seen);
  }

  private long[] places(
      int rows, int columns, int seenRows, int seenColumns, long @Nullable [] seen) {
    int[] down = buckets(seenRows, encoder.side());
    int[] right = buckets(seenColumns, encoder.side());
    long[] places = new long[rows * columns];
    int at = 0;
    for (int i = 0; i < places.length; i++) {
      if (seen == null || seen[i] != 0) {
        places[i] = (long) down[at / seenColumns] * encoder.side() + right[at % seenColumns];
        at++;
      }
    }
    return places;
  }

  /**
   * Returns the row or column of the position table for each of n patches, in fp32 as the
   * reference: a share equal to a boundary goes up.
   */
  public static int[] buckets(int patches, int side) {
    float step = 1f / patches;
    float last = 1 - 1e-6f;
    int[] places = new int[patches];
    for (int i = 0; i < patches; i++) {
      float share = Math.min(i * step, last);
      int place = 0;
      while (place + 1 < side && share >= boundary(place + 1, side)) {
        place++;
      }
      places[i] = place;
    }
    return places;
  }

  /** Returns a boundary as torch.arange(1 / side, 1, 1 / side) does. */
  private static float boundary(int number, int side) {
    double step = 1.0 / side;
    return (float) (step + (number - 1) * step);
  }

  /** Leaves out tiles whose values are all 0.0, which are padding. */
  private static PixelBatch withoutEmpty(PixelBatch pixels) {
    int tiles = pixels.shape().get(0);
    int size = pixels.values().length / Math.max(1, tiles);
    int maskSize = pixels.mask().length / Math.max(1, tiles);
    List<Integer> full = new ArrayList<>();
    for (int tile = 0; tile < tiles; tile++) {
      for (int i = tile * size; i < (tile + 1) * size; i++) {
        if (pixels.values()[i] != 0) {
          full.add(tile);
          break;
        }
      }
    }
    if (full.size() == tiles) {
      return pixels;
    }
    float[] values = new float[full.size() * size];
    byte[] mask = new byte[full.size() * maskSize];
    for (int i = 0; i < full.size(); i++) {
      System.arraycopy(pixels.values(), full.get(i) * size, values, i * size, size);
      System.arraycopy(pixels.mask(), full.get(i) * maskSize, mask, i * maskSize, maskSize);
    }
    int[] perPicture = new int[pixels.perPicture().length];
    int from = 0;
    for (int i = 0; i < perPicture.length; i++) {
      int first = from;
      int end = from + pixels.perPicture()[i];
      perPicture[i] = (int) full.stream().filter(tile -> tile >= first && tile < end).count();
      from = end;
    }
    List<Integer> shape = new ArrayList<>(pixels.shape());
    shape.set(0, full.size());
    return new PixelBatch(values, shape, pixels.grids(), perPicture, mask);
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
