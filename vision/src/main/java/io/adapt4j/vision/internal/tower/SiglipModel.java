package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * SigLIP (Zhai et al. 2023) and SigLIP 2 (Tschannen et al. 2025), with pictures of one size or in
 * their own proportions. Texts are filled up to the full length without a mask, and their last
 * position gives the vector.
 */
final class SiglipModel extends ContrastiveModel {

  private static final String VISION = "vision_model";

  private final Pictures pictures;
  private final AttentionPool pool;
  private final TextSide text;
  private final int width;

  /** The picture tower and what runs after it. */
  private interface Pictures {
    Tensor vectors(Ops ops, PixelBatch pixels);

    /** Returns the hidden states, if all pictures have the same number. */
    default Optional<Tensor> states(Ops ops, PixelBatch pixels) {
      return Optional.empty();
    }
  }

  /** Pictures of one size. */
  private record Fixed(SiglipEncoder encoder, AttentionPool pool) implements Pictures {

    @Override
    public Tensor vectors(Ops ops, PixelBatch pixels) {
      return TowerLayers.flat(ops, pool.forward(ops, encoder.forward(ops, pixels)));
    }

    @Override
    public Optional<Tensor> states(Ops ops, PixelBatch pixels) {
      return Optional.of(encoder.forward(ops, pixels));
    }
  }

  private SiglipModel(ModelConfig model, boolean flexible) {
    String type = flexible ? "siglip2" : "siglip";
    ModelConfig vision = TowerSizes.part(model, "vision_config", type + "_vision_model");
    if (!vision.fields().bool("vision_use_head", true)) {
      throw vision
          .fields()
          .invalid("vision_use_head", "true", "Without its head the tower has no vectors.");
    }
    if (flexible) {
      Siglip2Encoder encoder = Siglip2Encoder.declare(weights, VISION, vision);
      pool = AttentionPool.declare(weights, VISION + ".head", encoder.sizes());
      pictures = (ops, pixels) -> flexible(ops, pixels, encoder);
      width = encoder.sizes().hidden();
    } else {
      SiglipEncoder encoder =
          SiglipEncoder.declare(weights, VISION, vision, TowerSizes.Defaults.SIGLIP);
      pool = AttentionPool.declare(weights, VISION + ".head", encoder.sizes());
      pictures = new Fixed(encoder, pool);
      width = encoder.sizes().hidden();
    }
    ModelConfig texts = TowerSizes.part(model, "text_config", type + "_text_model");
    TowerSizes sizes = TowerSizes.read(texts, TowerSizes.Defaults.SIGLIP);
    ConfigReader fields = texts.fields();
    int projected = fields.positiveInt("projection_size", sizes.hidden());
    if (projected != width) {
      throw fields.invalid(
          "projection_size", "hidden_size " + width + " of the pictures", "Correct one of them.");
    }
    text =
        TextSide.declare(
            weights,
            texts,
            sizes,
            false,
            LinearSlot.of("text_model.head", sizes.hidden(), true, projected));
  }

  static SiglipModel fixed(ModelConfig model) {
    return new SiglipModel(model, false);
  }

  static SiglipModel flexible(ModelConfig model) {
    return new SiglipModel(model, true);
  }

  private Tensor flexible(Ops ops, PixelBatch pixels, Siglip2Encoder encoder) {
    return encoder
        .groups(pixels)
        .compute(ops, group -> List.of(pool.forward(ops, encoder.forward(ops, pixels, group))))
        .get(0);
  }

  @Override
  public Optional<Tensor> pictureStates(Ops ops, PixelBatch pixels) {
    return pictures.states(ops, pixels);
  }

  @Override
  public Tensor pictures(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      return scope.keep(pictures.vectors(ops, pixels));
    }
  }

  @Override
  public Tensor textStates(Ops ops, List<int[]> ids, int paddingId) {
    int length = text.length();
    List<int[]> full = new ArrayList<>();
    for (int[] own : ids) {
      int[] filled = Arrays.copyOf(own, length);
      Arrays.fill(filled, own.length, length, paddingId);
      full.add(filled);
    }
    return text.states(ops, full);
  }

  @Override
  public Tensor texts(Ops ops, List<int[]> ids, int paddingId) {
    int[] last = new int[ids.size()];
    Arrays.fill(last, text.length() - 1);
    try (Scope scope = Scope.open()) {
      return scope.keep(text.pooled(ops, textStates(ops, ids, paddingId), last));
    }
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
    return true;
  }
}
