package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Tower and projector of Gemma 3 (Gemma Team 2025): SigLIP, means of squares of patches, a norm and
 * a matrix.
 */
final class Gemma3Tower implements PictureTower {

  private static final String PROJECTOR = "model.multi_modal_projector.";

  private final TowerWeights weights = new TowerWeights("vision_tower.", "multi_modal_projector.");
  private final SiglipEncoder encoder;
  private final RmsNorm norm;
  private final Parameter projection;
  private final int square;

  Gemma3Tower(ModelConfig model) {
    encoder = SiglipEncoder.inside(weights, model);
    int tokens = model.fields().positiveInt("mm_tokens_per_image", 256);
    int perSide = (int) Math.sqrt(tokens);
    if (perSide * perSide != tokens || encoder.side() % perSide != 0) {
      throw model
          .fields()
          .invalid(
              "mm_tokens_per_image",
              "the square of a divisor of " + encoder.side() + ", the patches along a side",
              "Correct it, or image_size and patch_size of the tower.");
    }
    square = encoder.side() / perSide;
    int width = encoder.sizes().hidden();
    norm =
        weights.add(
            RmsNorm.declare(PROJECTOR + "mm_soft_emb_norm", width, 1, encoder.sizes().eps()));
    int text = model.text().fields().positiveInt("hidden_size", 2304);
    Parameter.Slice slice =
        new Parameter.Slice(PROJECTOR + "mm_input_projection_weight", 0, text, true);
    projection = weights.add(new Parameter(List.of(slice), text, width));
  }

  @Override
  public PictureFeatures forward(Ops ops, PixelBatch pixels) {
    int length = encoder.side() * encoder.side();
    int area = square * square;
    int tokens = length / area;
    int pictures = pixels.shape().get(0);
    long[] order = TowerLayers.squares(encoder.side(), encoder.side(), square, length, pictures);
    float[] means = new float[order.length];
    Arrays.fill(means, 1f / area);
    try (Scope scope = Scope.open()) {
      Tensor states = encoder.forward(ops, pixels);
      int width = encoder.sizes().hidden();
      int all = pictures * tokens;
      Tensor squares = TowerLayers.rows(ops, states, order, all, area, width);
      Tensor pooled = ops.pool(squares, Tensor.of(means, all, area));
      Tensor features = ops.linear(norm.forward(ops, pooled), projection, null);
      return PictureFeatures.equal(scope.keep(features), pixels.perPicture(), tokens);
    }
  }

  @Override
  public TowerWeights weights() {
    return weights;
  }
}
