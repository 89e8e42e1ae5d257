package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Image tower of Pixtral (Mistral AI 2024): pictures in their own proportions, rotary positions by
 * row and column, no final norm.
 */
record PixtralEncoder(
    TowerSizes sizes,
    PictureGrid grid,
    PatchEmbedding patches,
    RmsNorm first,
    List<SequentialLayer> layers,
    GridRotary rotary) {

  private static final double EPS = 1e-5;

  static PixtralEncoder declare(TowerWeights weights, String path, ModelConfig vision) {
    ConfigReader fields = vision.fields();
    TowerSizes sizes = TowerSizes.read(vision, TowerSizes.Defaults.PIXTRAL);
    PictureGrid grid = PictureGrid.read(fields, TowerSizes.Defaults.PIXTRAL.patch(), 1024);
    int width = fields.positiveInt("head_dim", sizes.headWidth());
    if (width != sizes.headWidth() || width % 4 != 0) {
      throw fields.invalid(
          "head_dim",
          "hidden_size / num_attention_heads, " + sizes.headWidth() + ", a multiple of 4",
          "Correct one of them.");
    }
    int hidden = sizes.hidden();
    PatchEmbedding patches =
        PatchEmbedding.declare(
            weights,
            path + ".patch_conv",
            false,
            hidden,
            grid.channels(),
            grid.patch(),
            grid.patch());
    RmsNorm first = weights.add(RmsNorm.declare(path + ".ln_pre", hidden, 0, EPS));
    List<SequentialLayer> layers = new ArrayList<>();
    for (int i = 0; i < sizes.layers(); i++) {
      layers.add(weights.add(layer(path + ".transformer.layers." + i, sizes)));
    }
    double theta =
        fields.child("rope_parameters").orElse(fields).positiveNumber("rope_theta", 10_000);
    return new PixtralEncoder(
        sizes, grid, patches, first, layers, GridRotary.alternating(width, theta));
  }

  private static SequentialLayer layer(String at, TowerSizes sizes) {
    int hidden = sizes.hidden();
    return SequentialLayer.preNorm(
        RmsNorm.declare(at + ".attention_norm", hidden, 0, EPS),
        new Attention(
            LinearSlot.of(
                at + ".attention",
                hidden,
                false,
                List.of("q_proj", "k_proj", "v_proj"),
                hidden,
                hidden,
                hidden),
            LinearSlot.of(at + ".attention.o_proj", hidden, false, hidden),
            Heads.grouped(sizes.heads(), sizes.heads(), sizes.headWidth()),
            null,
            0,
            AttentionRule.bothWays(sizes.headWidth(), 0)),
        RmsNorm.declare(at + ".ffn_norm", hidden, 0, EPS),
        new GatedMlp(
            LinearSlot.of(
                at + ".feed_forward",
                hidden,
                false,
                List.of("gate_proj", "up_proj"),
                sizes.inner(),
                sizes.inner()),
            LinearSlot.of(at + ".feed_forward.down_proj", sizes.inner(), false, hidden),
            sizes.activation()));
  }

  /** Groups the pictures of a batch by their grids. */
  GridGroups groups(PixelBatch pixels) {
    grid.requireChannels(pixels.shape());
    for (int[] own : pixels.grids()) {
      if (own[1] > grid.side() || own[2] > grid.side()) {
        throw new IllegalArgumentException(
            "pixels: expected at most %d patches along a side, found %d x %d; the sizes in"
                    .formatted(grid.side(), own[1], own[2])
                + " preprocessor_config.json and config.json differ");
      }
    }
    return GridGroups.of(
        Arrays.stream(pixels.grids()).map(own -> new int[] {own[1], own[2]}).toList());
  }

  /** Computes the hidden states of a group [pictures, patches, hidden]. */
  Tensor forward(Ops ops, PixelBatch pixels, GridGroups.Group group, int left) {
    float[] cut = grid.cut(pixels, group.entries(), group.rows(), group.columns());
    Tensor embedded = patches.forward(ops, cut, group.count(), group.length(), grid.patchValues());
    Tensor x = first.forward(ops, embedded);
    long[] places = new long[group.length()];
    Arrays.setAll(places, i -> i);
    Positions at =
        TowerLayers.positions(
            ops, rotary.table(places, group.columns(), x.type(), group.length()), group.count());
    return TowerLayers.run(ops, x, layers.subList(0, layers.size() - left), at);
  }
}
