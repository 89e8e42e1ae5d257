package io.adapt4j.vision.internal.tower;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Tower and projector of LLaVA-NeXT (Liu et al. 2024) and LLaVA-OneVision (Li et al. 2024): the
 * features of a whole picture, then those of its tiles as one picture without the borders, with a
 * learned vector at the end of each line. The batch's grids are the sizes of pictures in pixels.
 */
final class LlavaNextTower implements PictureTower {

  private static final int ROUNDED_DIGITS = 7;
  private static final double MOST_RATIO = 1.1;
  private static final String MOST_TILES = "anyres_max_";

  private final TowerWeights weights =
      new TowerWeights("vision_tower.", "multi_modal_projector.", "image_newline");
  private final TileEncoder encoder;
  private final PlainMlp projector;
  private final Parameter lineEnd;
  private final List<int[]> pinpoints;
  private final int left;
  private final int first;
  private final int mostTiles;

  private LlavaNextTower(ModelConfig model, boolean oneVision) {
    ConfigReader fields = model.fields();
    String type =
        fields
            .child("vision_config")
            .flatMap(vision -> vision.optionalText("model_type"))
            .orElse(oneVision ? "siglip_vision_model" : "clip_vision_model");
    encoder = TileEncoder.declare(weights, model, type);
    left = TwoLayers.left(model, encoder.sizes().layers(), oneVision ? -1 : -2);
    first = TwoLayers.dropsFirst(model, oneVision ? "full" : "default") ? 1 : 0;
    boolean bias = fields.bool("multimodal_projector_bias", true);
    projector = TwoLayers.declare(weights, model, encoder.sizes().hidden(), bias, 4096);
    long text = projector.down().linear().outFeatures();
    lineEnd = weights.add(Parameter.of("model.image_newline", 1, text), text);
    pinpoints = pinpoints(model, oneVision);
    mostTiles = oneVision ? mostTiles(fields) : 0;
  }

  static LlavaNextTower next(ModelConfig model) {
    return new LlavaNextTower(model, false);
  }

  static LlavaNextTower oneVision(ModelConfig model) {
    return new LlavaNextTower(model, true);
  }

  private static int mostTiles(ConfigReader fields) {
    String ratio = fields.optionalText("vision_aspect_ratio").orElse(MOST_TILES + 9);
    if (!ratio.matches(MOST_TILES + "[1-9]\\d{0,3}")) {
      throw fields.invalid("vision_aspect_ratio", MOST_TILES + "N", "Correct the value.");
    }
    return Integer.parseInt(ratio.substring(MOST_TILES.length()));
  }

  private List<int[]> pinpoints(ModelConfig model, boolean oneVision) {
    List<int[]> all = new ArrayList<>();
    for (JsonNode point : model.toJson().path("image_grid_pinpoints")) {
      all.add(new int[] {point.path(0).asInt(), point.path(1).asInt()});
    }
    int side = encoder.grid().side() * encoder.grid().patch();
    if (all.isEmpty()) {
      int full = oneVision ? 384 : 336;
      for (int i = 0; i < 36; i++) {
        int down = i / 6 + 1;
        int right = i % 6 + 1;
        if (oneVision || (down + right > 2 && down * right <= 4 && down + right <= 4)) {
          all.add(new int[] {down * full, right * full});
        }
      }
    }
    for (int[] point : all) {
      if (point[0] < side || point[1] < side || point[0] % side != 0 || point[1] % side != 0) {
        throw model
            .fields()
            .invalid(
                "image_grid_pinpoints", "pairs of multiples of " + side, "Correct the values.");
      }
    }
    return all;
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      Tensor features = projector.forward(ops, encoder.states(ops, pixels, left, first));
      int length = Math.toIntExact(features.size(1));
      List<Tensor> parts = new ArrayList<>();
      int[] tokens = new int[pixels.perPicture().length];
      int tile = 0;
      for (int i = 0; i < tokens.length; i++) {
        int tiles = pixels.perPicture()[i];
        Tensor base = rows(ops, features, tile * length, length);
        Tensor rest =
            tiles == 1
                ? lineEnds(ops, 1)
                : tiles(ops, features, (tile + 1) * length, tiles - 1, pixels.grids()[i]);
        parts.add(base);
        parts.add(rest);
        tokens[i] = Math.toIntExact(base.size(1) + rest.size(1));
        tile += tiles;
      }
      Tensor joined = TowerLayers.flat(ops, TowerLayers.joined(ops, parts));
      return new PictureFeatures(scope.keep(joined), List.of(), tokens);
    }
  }

  private static Tensor rows(Ops ops, Tensor features, int from, int count) {
    long[] index = new long[count];
    for (int i = 0; i < count; i++) {
      index[i] = (long) from + i;
    }
    return TowerLayers.rows(ops, features, index, 1, count, features.size(2));
  }

  private Tensor lineEnds(Ops ops, int count) {
    return ops.embedding(Tensor.of(new long[count], 1, count), lineEnd);
  }

  /** Puts a picture's tiles together without its borders, with the vector after each line. */
  private Tensor tiles(Ops ops, Tensor features, int from, int tiles, int[] size) {
    int side = encoder.grid().side();
    int pixels = side * encoder.grid().patch();
    int[] best = best(size[1], size[2]);
    int down = best[0] / pixels;
    int right = best[1] / pixels;
    if (tiles != down * right || features.size(1) != (long) side * side) {
      throw new IllegalArgumentException(
          "pixels: expected %d x %d tiles of %d patches for a picture of %d x %d, found %d of %d"
              .formatted(down, right, side * side, size[1], size[2], tiles, features.size(1)));
    }
    int height = down * side;
    int width = right * side;
    int top = 0;
    int start = 0;
    if (size[2] / (double) size[1] > width / (double) height) {
      top = (height - rounded(size[1] * (width / (double) size[2]))) / 2;
    } else {
      start = (width - rounded(size[2] * (height / (double) size[1]))) / 2;
    }
    int rows = height - 2 * top;
    int columns = width - 2 * start;
    long[] index = new long[rows * columns];
    for (int i = 0; i < index.length; i++) {
      int row = top + i / columns;
      int column = start + i % columns;
      int tile = row / side * right + column / side;
      long inTile = (long) (row % side) * side + column % side;
      index[i] = from + (long) tile * side * side + inTile;
    }
    Tensor whole = TowerLayers.rows(ops, features, index, 1, index.length, features.size(2));
    double ratio =
        mostTiles == 0 ? 0 : Math.sqrt(rows * columns / ((double) mostTiles * side * side));
    if (ratio > MOST_RATIO) {
      int fewerRows = (int) (rows / ratio);
      int fewerColumns = (int) (columns / ratio);
      whole = resized(ops, whole, rows, columns, fewerRows, fewerColumns);
      rows = fewerRows;
      columns = fewerColumns;
    }
    return withLineEnds(ops, whole, rows, columns);
  }

  private Tensor withLineEnds(Ops ops, Tensor whole, int rows, int columns) {
    Tensor both = TowerLayers.joined(ops, List.of(whole, lineEnds(ops, rows)));
    long[] index = new long[rows * (columns + 1)];
    for (int i = 0; i < index.length; i++) {
      int row = i / (columns + 1);
      int column = i % (columns + 1);
      index[i] = column < columns ? (long) row * columns + column : (long) rows * columns + row;
    }
    return TowerLayers.rows(ops, both, index, 1, index.length, whole.size(2));
  }

  /** Reduces a grid linearly between the four nearest positions, as libtorch without antialias. */
  private static Tensor resized(
      Ops ops, Tensor x, int rows, int columns, int newRows, int newColumns) {
    int count = newRows * newColumns;
    float[] weights = new float[count * 4];
    List<Tensor> taps = new ArrayList<>();
    for (int tap = 0; tap < 4; tap++) {
      long[] index = new long[count];
      for (int i = 0; i < count; i++) {
        int newRow = i / newColumns;
        int newColumn = i % newColumns;
        double y = Math.max((newRow + 0.5) * rows / newRows - 0.5, 0);
        double z = Math.max((newColumn + 0.5) * columns / newColumns - 0.5, 0);
        int row = Math.min((int) y + tap / 2, rows - 1);
        int column = Math.min((int) z + tap % 2, columns - 1);
        index[i] = (long) row * columns + column;
        double down = tap / 2 == 0 ? 1 - (y - (int) y) : y - (int) y;
        double right = tap % 2 == 0 ? 1 - (z - (int) z) : z - (int) z;
        weights[i * 4 + tap] = (float) (down * right);
      }
      taps.add(TowerLayers.rows(ops, x, index, 1, count, x.size(2)));
    }
    Tensor joined = TowerLayers.shaped(ops, ops.joinColumns(taps), count, 4, x.size(2));
    Tensor mixed = ops.pool(joined, Tensor.of(weights, count, 4));
    return TowerLayers.shaped(ops, mixed, 1, count, x.size(2));
  }

  private static int rounded(double value) {
    return new BigDecimal(value).setScale(ROUNDED_DIGITS, RoundingMode.HALF_EVEN).intValue();
  }

  /** Returns height and width of the grid that keeps most of a picture and wastes least. */
  private int[] best(int height, int width) {
    int[] best = pinpoints.get(0);
    long kept = 0;
    long wasted = Long.MAX_VALUE;
    for (int[] point : pinpoints) {
      double scale = Math.min(point[1] / (double) width, point[0] / (double) height);
      long across = (long) (width * scale);
      long down = (long) (height * scale);
      long effective = Math.min(across * down, (long) width * height);
      long waste = (long) point[0] * point[1] - effective;
      if (effective > kept || (effective == kept && waste < wasted)) {
        best = point;
        kept = effective;
        wasted = waste;
      }
    }
    return best;
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
