package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import java.util.Optional;

/**
 * Hunyuan, dense (Tencent 2025): Llama with norms on each query and key head after rotation, and a
 * rotary base stretched by a fixed factor.
 */
public final class Hunyuan extends BuiltInFamily {

  public Hunyuan() {
    super("hunyuan_v1_dense", "use_qk_norm");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(withStretchedBase(model), defaults());
  }

  /** Every model has these norms. */
  @Override
  public Network declare(ModelConfig model) {
    return like(model, dimensions(model)).declare();
  }

  /** Declares what the dense model and the mixture share. */
  public static LlamaLike like(ModelConfig model, DecoderConfig config) {
    return new LlamaLike(model, config)
        .attentionBias(config.attentionBias(), config.attentionBias())
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .queryKeyNormNames("query_layernorm", "key_layernorm")
        .queryKeyNormsAfterRotary();
  }

  /**
   * Replaces dynamic scaling with {@code alpha}, which does not depend on the length: the base is
   * theta * alpha^(d / (d - 2)) for heads of width d.
   */
  private static ModelConfig withStretchedBase(ModelConfig model) {
    String field = model.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    Optional<ConfigReader> scaling = model.fields().child(field).filter(own -> own.has("alpha"));
    if (scaling.isEmpty()) {
      return model;
    }
    DecoderConfig plain =
        DecoderConfig.from(
            model
                .with("rope_scaling", NullNode.instance)
                .with("rope_parameters", NullNode.instance),
            DecoderConfig.Defaults.LLAMA);
    double theta = scaling.get().positiveNumber("rope_theta", plain.ropeTheta());
    double dim = plain.headDim();
    double alpha = scaling.get().positiveNumber("alpha", 1);
    return model
        .with("rope_scaling", NullNode.instance)
        .with("rope_parameters", NullNode.instance)
        .with("rope_theta", DoubleNode.valueOf(theta * Math.pow(alpha, dim / (dim - 2))));
  }
}
