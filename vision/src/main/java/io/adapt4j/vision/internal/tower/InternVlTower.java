package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.nn.norm.LayerScale;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.QueryKeyNorm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.List;

/**
 * Tower and projector of InternVL (Chen et al. 2024): a vision transformer with learned factors of
 * its branches on tiles, squares of patches joined, a norm and two linear layers.
 */
final class InternVlTower implements PictureTower {

  private static final String PATH = "model.vision_tower";
  private static final double QUERY_KEY_EPS = 1e-6;
  private static final double PROJECTOR_EPS = 1e-5;

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final VisionTransformer encoder;
  private final LayerNorm norm;
  private final PlainMlp projector;
  private final int factor;

  InternVlTower(ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", "internvl_vision", "use_qk_norm");
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, TowerSizes.Defaults.INTERN);
    weights.ignore("(model\\.)?vision_tower\\.embeddings\\.mask_token");
    Norm last =
        fields.bool("use_mean_pooling", true)
            ? Norm.NONE
            : LayerNorm.declare(PATH + ".layernorm", sizes.hidden(), true, sizes.eps());
    encoder =
        VisionTransformer.declare(
            weights,
            PATH,
            sizes,
            PictureGrid.read(fields, TowerSizes.Defaults.INTERN.patch(), 448),
            i -> layer(PATH + ".encoder.layer." + i, sizes, fields),
            last);
    if (TwoLayers.left(model, sizes.layers(), -1) != 0 || !TwoLayers.dropsFirst(model, "default")) {
      throw model
          .fields()
          .invalid(
              "vision_feature_layer",
              "-1, with vision_feature_select_strategy default",
              "Every model of this family reads the patches of the last layer.");
    }
    double ratio = model.fields().positiveNumber("downsample_ratio", 0.5);
    factor = (int) (1 / ratio);
    if (factor < 1 || factor * ratio != 1) {
      throw model
          .fields()
          .invalid("downsample_ratio", "1 divided by a whole number", "Correct the value.");
    }
    int width = sizes.hidden() * factor * factor;
    norm =
        weights.add(
            LayerNorm.declare(TwoLayers.PROJECTOR + "layer_norm", width, true, PROJECTOR_EPS));
    projector = TwoLayers.declare(weights, model, width, true, 4096);
  }

  private static SequentialLayer layer(String at, TowerSizes sizes, ConfigReader fields) {
    return new SequentialLayer(
        norm(at + ".layernorm_before", sizes, fields),
        attention(at + ".attention", sizes, fields),
        new LayerScale(Parameter.of(at + ".lambda_1", sizes.hidden())),
        norm(at + ".layernorm_after", sizes, fields),
        TowerLayers.mlp(at + ".mlp", sizes, "fc1", "fc2"),
        new LayerScale(Parameter.of(at + ".lambda_2", sizes.hidden())),
        1);
  }

  private static Norm norm(String path, TowerSizes sizes, ConfigReader fields) {
    String type = fields.optionalText("norm_type").orElse("layer_norm");
    return switch (type) {
      case "layer_norm" -> LayerNorm.declare(path, sizes.hidden(), true, sizes.eps());
      case "rms_norm" -> RmsNorm.declare(path, sizes.hidden(), 0, sizes.eps());
      default -> throw fields.invalid("norm_type", "layer_norm or rms_norm", "Correct it.");
    };
  }

  private static Attention attention(String path, TowerSizes sizes, ConfigReader fields) {
    int width = sizes.hidden();
    boolean bias = fields.bool("attention_bias", false);
    QueryKeyNorm norms =
        fields.bool("use_qk_norm", false)
            ? new QueryKeyNorm(
                RmsNorm.declare(path + ".q_norm", width, 0, QUERY_KEY_EPS),
                RmsNorm.declare(path + ".k_norm", width, 0, QUERY_KEY_EPS),
                false,
                false)
            : null;
    return new Attention(
        LinearSlot.of(
            path, width, bias, List.of("q_proj", "k_proj", "v_proj"), width, width, width),
        LinearSlot.of(path + ".projection_layer", width, true, width),
        Heads.grouped(sizes.heads(), sizes.heads(), sizes.headWidth()),
        norms,
        Attention.NO_ROTARY,
        AttentionRule.bothWays(sizes.headWidth(), 0));
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    PictureGrid grid = encoder.grid();
    grid.requireChannels(pixels.shape());
    int tiles = pixels.shape().get(0);
    int rows = pixels.shape().get(2) / grid.patch();
    int columns = pixels.shape().get(3) / grid.patch();
    if (rows % factor != 0 || columns % factor != 0) {
      throw new IllegalArgumentException(
          "pixels: expected tiles of a multiple of %d patches along each side, found %d x %d"
              .formatted(factor, rows, columns));
    }
    try (Scope scope = Scope.open()) {
      Tensor patches = TowerLayers.without(ops, encoder.forward(ops, pixels), 1);
      int length = rows * columns;
      int tokens = length / (factor * factor);
      long[] order = TowerLayers.squares(rows, columns, factor, length, tiles);
      long width = patches.size(2) * factor * factor;
      Tensor squares = TowerLayers.rows(ops, patches, order, 1, (long) tiles * tokens, width);
      Tensor features = projector.forward(ops, norm.forward(ops, squares));
      return PictureFeatures.equal(
          scope.keep(TowerLayers.flat(ops, features)), pixels.perPicture(), tokens);
    }
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
