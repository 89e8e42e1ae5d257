package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.LayerNorm;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * CLIP (Radford et al. 2021): the class token represents a picture, the end-of-text token a text.
 */
final class ClipModel extends ContrastiveModel {

  /** The id of older configurations, in which the largest id of a text is its end. */
  private static final int OLD_END = 2;

  private final ClipEncoder encoder;
  private final LayerNorm norm;
  private final LinearSlot projection;
  private final TextSide text;
  private final int end;
  private final int width;

  ClipModel(ModelConfig model) {
    ModelConfig vision = TowerSizes.part(model, "vision_config", "clip_vision_model");
    encoder = ClipEncoder.declare(weights, "vision_model", vision);
    TowerSizes sizes = encoder.sizes();
    norm =
        weights.add(
            LayerNorm.declare("vision_model.post_layernorm", sizes.hidden(), true, sizes.eps()));
    width = model.fields().positiveInt("projection_dim", 512);
    projection = weights.add(LinearSlot.of("visual_projection", sizes.hidden(), false, width));
    ModelConfig texts = TowerSizes.part(model, "text_config", "clip_text_model");
    TowerSizes ofTexts = TowerSizes.read(texts, TowerSizes.Defaults.CLIP_TEXT);
    text =
        TextSide.declare(
            weights,
            texts,
            ofTexts,
            true,
            LinearSlot.of("text_projection", ofTexts.hidden(), false, width));
    ConfigReader fields = texts.fields();
    end = fields.optionalInt("eos_token_id").orElse(49_407);
  }

  @Override
  public Optional<Tensor> pictureStates(Ops ops, PixelBatch pixels) {
    return Optional.of(encoder.layers(ops, pixels));
  }

  @Override
  public Tensor pictures(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      Tensor states = encoder.layers(ops, pixels);
      long rows = states.size(0);
      long[] first = new long[(int) rows];
      Arrays.setAll(first, i -> i * states.size(1));
      Tensor tokens = TowerLayers.rows(ops, states, first, rows, states.size(2));
      return scope.keep(projection.forward(ops, norm.forward(ops, tokens)));
    }
  }

  @Override
  public Tensor textStates(Ops ops, List<int[]> ids, int paddingId) {
    int longest = ids.stream().mapToInt(own -> own.length).max().orElse(0);
    // Padding is after the pooled position, which sees nothing after itself.
    List<int[]> filled =
        ids.stream()
            .map(
                own -> {
                  int[] all = Arrays.copyOf(own, longest);
                  Arrays.fill(all, own.length, longest, paddingId);
                  return all;
                })
            .toList();
    return text.states(ops, filled);
  }

  @Override
  public Tensor texts(Ops ops, List<int[]> ids, int paddingId) {
    int[] pooled = ids.stream().mapToInt(this::end).toArray();
    try (Scope scope = Scope.open()) {
      return scope.keep(text.pooled(ops, textStates(ops, ids, paddingId), pooled));
    }
  }

  /** Returns the position of a text's vector; the first if the text has no end. */
  private int end(int[] ids) {
    int found = 0;
    for (int i = 0; i < ids.length; i++) {
      if (end == OLD_END) {
        found = ids[i] > ids[found] ? i : found;
      } else if (ids[i] == end) {
        return i;
      }
    }
    return found;
  }

  @Override
  public int maxTokens() {
    return text.length();
  }

  @Override
  public int dimension() {
    return width;
  }

  @Override
  boolean comparesPairs() {
    return false;
  }
}
