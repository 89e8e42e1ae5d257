package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.MixerSum;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.ScaledMlp;
import java.util.List;
import java.util.Set;

/**
 * Falcon-H1 (TII 2025): a state space and attention in parallel in every layer, with scale factors.
 */
public final class FalconH1 extends BuiltInFamily {

  /** Type names of the layers, which are all of one kind. */
  private static final Set<String> ALIKE = Set.of("hybrid", "attention", LayerTypes.FULL);

  public FalconH1() {
    super(
        "falcon_h1",
        new DecoderConfig.Defaults(8192, 1e-5, "silu", false, 10_000),
        "embedding_multiplier",
        "lm_head_multiplier",
        "layer_types");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    DecoderConfig config = dimensions(model);
    List<String> types = fields.texts("layer_types");
    if (!types.isEmpty()) {
      LayerTypes.known(fields, types, config.layers(), ALIKE);
    }
    Mamba2 mamba = Mamba2.read(fields, config).falcon(fields, config.rmsNormEps());
    double stateIn = factor(fields, "ssm_in_multiplier");
    double stateOut = factor(fields, "ssm_out_multiplier");
    double attentionIn = factor(fields, "attention_in_multiplier");
    double attentionOut = factor(fields, "attention_out_multiplier");
    double gate = fields.numberAt("mlp_multipliers", 0).orElse(1);
    double down = fields.numberAt("mlp_multipliers", 1).orElse(1);
    LlamaLike like = new LlamaLike(model, config);
    return like.attentionBias(config.attentionBias(), config.attentionBias())
        .mlpBias(config.mlpBias())
        .normNames(new LlamaLike.NormNames("input_layernorm", "", "pre_ff_layernorm", ""))
        .finalNorm("final_layernorm")
        .embeddingScale(new Embeddings.Scale(factor(fields, "embedding_multiplier"), false))
        .logitScale(factor(fields, "lm_head_multiplier"))
        .attentionScale(factor(fields, "key_multiplier") / Math.sqrt(config.headDim()))
        .mixers(
            (path, layer) ->
                new MixerSum(
                    new MixerSum.Branch(mamba.declare(path + ".mamba"), stateIn, stateOut),
                    new MixerSum.Branch(
                        like.attention(path + ".self_attn", layer), attentionIn, attentionOut)))
        .mlps(
            (path, layer) -> new ScaledMlp((GatedMlp) like.mlp(path + ".feed_forward"), gate, down))
        .declare();
  }

  private static double factor(ConfigReader fields, String name) {
    return fields.positiveNumber(name, 1);
  }
}
