package io.adapt4j.core.internal.nn.family.decoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.SlidingWindow;
import io.adapt4j.core.internal.nn.family.common.TextModel;
import java.util.List;
import java.util.Set;

/**
 * Gemma 2 (Gemma Team 2024) and VaultGemma (2025): norms before and after each branch, norm weights
 * stored as differences from 1, embeddings scaled by sqrt(hidden), soft caps on scores and logits,
 * and a sliding window in every other layer.
 */
public final class Gemma2 extends BuiltInFamily implements TextModel {

  /** Model type without norms after branches. */
  private static final String WITHOUT_NORMS = "vaultgemma";

  public Gemma2() {
    super(
        Set.of("gemma2", WITHOUT_NORMS),
        new DecoderConfig.Defaults(8192, 1e-6, "gelu_pytorch_tanh", true, 10_000, 256),
        "sliding_window",
        "layer_types",
        "query_pre_attn_scalar",
        "attn_logit_softcapping",
        "final_logit_softcapping");
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    DecoderConfig config = dimensions(model);
    int window = SlidingWindow.size(model, 4096);
    List<Boolean> slides = LayerTypes.sliding(model, config.layers(), layer -> layer % 2 == 0);
    LlamaLike like = gemma(whole, model, config);
    if (model.modelType().equals(WITHOUT_NORMS)) {
      like.norms(LlamaLike.NormPlacement.BEFORE)
          .normNames(
              new LlamaLike.NormNames("input_layernorm", "", "pre_feedforward_layernorm", ""));
    }
    return like.attentionSoftCap(softCap(model, "attn_logit_softcapping", 50))
        .logitSoftCap(softCap(model, "final_logit_softcapping", 30))
        .window(LayerTypes.windows(model, slides, window));
  }

  /**
   * Declares the common parts of Gemma 2 and 3, for a text model that may be part of a multimodal
   * one.
   */
  static LlamaLike gemma(ModelConfig whole, ModelConfig model, DecoderConfig config) {
    double scalar = model.fields().positiveNumber("query_pre_attn_scalar", 256);
    return new LlamaLike(whole, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .normOffset(1)
        .norms(LlamaLike.NormPlacement.BEFORE_AND_AFTER)
        .embeddingScale(new Embeddings.Scale(Math.sqrt(config.hiddenSize()), true))
        .attentionScale(1 / Math.sqrt(scalar));
  }

  static double softCap(ModelConfig model, String field, double absent) {
    ConfigReader fields = model.fields();
    return fields.isNull(field)
        ? 0
        : fields.has(field) ? fields.requirePositiveNumber(field) : absent;
  }
}
