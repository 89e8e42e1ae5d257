package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import java.util.Set;

/**
 * The text models of Qwen 2-VL, 2.5-VL (Qwen Team 2024, 2025) and 3-VL (2025): those of Qwen 2 and
 * 3. The sections of their rotary positions are equal without images.
 */
public final class QwenVision implements Architecture {

  /** Tensors of the vision tower. */
  private static final String OTHERS = "(model\\.)?visual\\..*";

  private static final String TEXT = "text_config";
  private static final String TIED = "tie_word_embeddings";

  private final boolean third;

  private QwenVision(boolean third) {
    this.third = third;
  }

  /** Qwen 2-VL and 2.5-VL. */
  public static QwenVision second() {
    return new QwenVision(false);
  }

  /** Qwen 3-VL. */
  public static QwenVision third() {
    return new QwenVision(true);
  }

  @Override
  public Set<String> modelTypes() {
    return third
        ? Set.of("qwen3_vl", "qwen3_vl_text")
        : Set.of("qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text");
  }

  @Override
  public DecoderConfig.Defaults defaults() {
    return third
        ? new DecoderConfig.Defaults(128_000, 1e-6, "silu", false, 500_000, 128)
        : new DecoderConfig.Defaults(32_768, 1e-5, "silu", false, 1_000_000);
  }

  @Override
  public Set<String> features() {
    return third
        ? Set.of("layer_types")
        : Set.of("sliding_window", "use_sliding_window", "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    ModelConfig text = text(model);
    UnreadFeatures.refuse(text, features());
    DecoderConfig config = dimensions(text);
    if (third) {
      return declare(model, third(model, config));
    }
    LlamaLike like = Qwen2.windowed(model, text, config, 80);
    return declare(model, like.attentionBias(true, false));
  }

  /** Returns a text model of Qwen 3-VL. */
  public static LlamaLike third(ModelConfig model, DecoderConfig config) {
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD);
  }

  /** Declares a text model, below another path if it is part of a whole one. */
  public static Network declare(ModelConfig model, LlamaLike like) {
    return model.modelType().endsWith("_text")
        ? like.declare()
        : like.root("model.language_model").unused(OTHERS, OTHERS).declare();
  }

  /** Returns the text model, which is tied if either of the two configurations says so. */
  public static ModelConfig text(ModelConfig model) {
    if (!model.hasText()) {
      return model;
    }
    ModelConfig text = model.text();
    JsonNode stated = model.toJson().path(TEXT).path(TIED);
    return stated.isBoolean() && stated.booleanValue() ? text.withTieWordEmbeddings(true) : text;
  }

  @Override
  public ModelConfig withOwnHead(ModelConfig config) {
    return untied(Architecture.super.withOwnHead(config));
  }

  /** Returns a configuration whose text model has an output matrix. */
  public static ModelConfig untied(ModelConfig own) {
    return own.toJson().get(TEXT) instanceof ObjectNode text
        ? own.with(TEXT, text.put(TIED, false))
        : own;
  }
}
