package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.List;

/**
 * Image tower of CLIP: a class token and patches of pictures of one size, learned positions, a norm
 * before the layers.
 */
record ClipEncoder(
    TowerSizes sizes,
    PictureGrid grid,
    PatchEmbedding patches,
    ClassToken token,
    Parameter positions,
    LayerNorm first,
    List<SequentialLayer> layers) {

  static ClipEncoder declare(TowerWeights weights, String path, ModelConfig vision) {
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, TowerSizes.Defaults.CLIP);
    PictureGrid grid = PictureGrid.read(fields, TowerSizes.Defaults.CLIP.patch());
    int hidden = sizes.hidden();
    String embeddings = path + ".embeddings.";
    return new ClipEncoder(
        sizes,
        grid,
        PatchEmbedding.declare(
            weights,
            embeddings + "patch_embedding",
            false,
            hidden,
            grid.channels(),
            grid.patch(),
            grid.patch()),
        ClassToken.declare(weights, embeddings + "class_embedding", hidden, hidden),
        weights.add(
            Parameter.of(embeddings + "position_embedding.weight", grid.patches() + 1L, hidden)),
        // The name in every checkpoint.
        weights.add(LayerNorm.declare(path + ".pre_layrnorm", hidden, true, sizes.eps())),
        TowerLayers.declare(weights, path, sizes, false));
  }

  /** Computes the hidden states of all layers but the last {@code left} [pictures, T, hidden]. */
  Tensor layers(Ops ops, PixelBatch pixels, int left) {
    grid.require(pixels);
    return grid.inParts(
        ops,
        pixels,
        (cut, from, count) -> {
          int length = grid.patches() + 1;
          Tensor embedded = patches.forward(ops, cut, count, grid.patches(), grid.patchValues());
          Tensor x =
              ops.add(
                  token.before(ops, embedded),
                  ops.embedding(PictureGrid.consecutive(count, length), positions));
          Positions at = TowerLayers.positions(ops, null, count, length, x.type());
          List<SequentialLayer> run = layers.subList(0, layers.size() - left);
          return TowerLayers.run(ops, first.forward(ops, x), run, at);
        });
  }

  Tensor layers(Ops ops, PixelBatch pixels) {
    return layers(ops, pixels, 0);
  }
}
