package io.adapt4j.core.internal.nn.family.hybrid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Mixer;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.internal.nn.family.common.TextModel;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * LFM2 (Liquid AI 2025): gated short convolutions, with attention in some layers; and the same with
 * mixtures of experts after some dense layers.
 */
public final class Lfm2 extends BuiltInFamily implements TextModel {

  private static final String TIED = "tie_embedding";

  public Lfm2() {
    super(
        Set.of("lfm2", "lfm2_moe"),
        new DecoderConfig.Defaults(128_000, 1e-6, "silu", true, 1_000_000),
        "layer_types",
        "moe_intermediate_size",
        "num_experts",
        "num_experts_per_tok");
  }

  @Override
  public DecoderConfig dimensions(ModelConfig model) {
    return DecoderConfig.from(renamed(model), defaults());
  }

  @Override
  public Network declare(ModelConfig model) {
    return like(model, model).declare();
  }

  @Override
  public LlamaLike like(ModelConfig whole, ModelConfig model) {
    ModelConfig named = renamed(model);
    ConfigReader fields = named.fields();
    DecoderConfig config = dimensions(named);
    requireWidth(fields, "block_dim", config.hiddenSize());
    requireWidth(fields, "conv_dim", config.hiddenSize());
    List<String> types = types(fields, config.layers());
    double eps = fields.positiveNumber("norm_eps", 1e-5);
    boolean sparse = named.modelType().equals("lfm2_moe");
    int stated = config.intermediateSize();
    long inner = sparse ? stated : innerWidth(fields, stated);
    int dense = sparse ? fields.optionalInt("num_dense_layers").orElse(2) : config.layers();
    Optional<Experts> experts = sparse ? Optional.of(experts(named)) : Optional.empty();
    return new LlamaLike(whole == model ? named : whole, config)
        .norms((path, width) -> RmsNorm.declare(path, width, 0, eps))
        .normNames(new LlamaLike.NormNames("operator_norm", "", "ffn_norm", ""))
        .finalNorm("embedding_norm")
        .outputName("out_proj")
        .queryKeyNorms(LlamaLike.QueryKeyNorms.PER_HEAD)
        .queryKeyNormNames("q_layernorm", "k_layernorm")
        .mixers(
            (path, layer) ->
                types.get(layer).equals(LayerTypes.FULL)
                    ? null
                    : convolution(fields, path + ".conv", config.hiddenSize()))
        .mlps(
            (path, layer) ->
                layer < dense
                    ? mlp(path + ".feed_forward", config.hiddenSize(), inner)
                    : experts.orElseThrow().declare(path + ".feed_forward", null));
  }

  private static Experts experts(ModelConfig model) {
    ConfigReader fields = model.fields();
    ExpertOps.Rule rule =
        ExpertOps.Rule.sigmoid(
            Experts.chosen(model, "num_experts_per_tok", "num_experts"),
            fields.bool("norm_topk_prob", true),
            1e-6,
            fields.positiveNumber("routed_scaling_factor", 1));
    Experts experts =
        Experts.read(model, "moe_intermediate_size", "num_experts", rule, 0)
            .activation(Activation.SILU)
            .names("w1", "w3", "w2");
    return fields.bool("use_expert_bias", true)
        ? experts.correction("expert_bias", fields.requirePositiveInt("num_experts"))
        : experts;
  }

  /** The field has two names. */
  @Override
  public ModelConfig withOwnHead(ModelConfig config) {
    ModelConfig own = super.withOwnHead(config);
    return config.fields().has(TIED) ? own.with(TIED, BooleanNode.FALSE) : own;
  }

  /** Translates the model's own field names, used in its first files. */
  private static ModelConfig renamed(ModelConfig model) {
    ModelConfig named = model;
    String[][] names = {
      {"block_ff_dim", "intermediate_size"},
      {"theta", "rope_theta"},
      {TIED, "tie_word_embeddings"}
    };
    for (String[] name : names) {
      JsonNode value = model.toJson().get(name[0]);
      if (value != null && !value.isNull()) {
        named = named.with(name[1], value);
      }
    }
    return named;
  }

  private static void requireWidth(ConfigReader fields, String field, int hidden) {
    if (fields.positiveInt(field, hidden) != hidden) {
      throw fields.invalid(field, "hidden_size " + hidden, "Other widths are not supported.");
    }
  }

  /** Returns the type of each layer: full attention, or a convolution. */
  public static List<String> types(ConfigReader fields, int layers) {
    List<String> types = fields.texts("layer_types");
    if (types.isEmpty()) {
      List<Integer> full =
          fields.has("full_attn_idxs")
              ? fields.integers("full_attn_idxs")
              : IntStream.range(0, layers).boxed().toList();
      return IntStream.range(0, layers)
          .mapToObj(layer -> full.contains(layer) ? LayerTypes.FULL : "conv")
          .toList();
    }
    return LayerTypes.known(fields, types, layers, Set.of(LayerTypes.FULL, "conv"));
  }

  /**
   * Returns the MLP width: two thirds of the stated one, times a factor, rounded up to a multiple,
   * unless the stated one is to be used unchanged.
   */
  public static long innerWidth(ConfigReader fields, int stated) {
    if (!fields.bool("block_auto_adjust_ff_dim", true)) {
      return stated;
    }
    long width = 2L * stated / 3;
    if (!fields.isNull("block_ffn_dim_multiplier")) {
      width = (long) (fields.positiveNumber("block_ffn_dim_multiplier", 1) * width);
    }
    long multiple = fields.positiveInt("block_multiple_of", 256);
    return multiple * ((width + multiple - 1) / multiple);
  }

  private static Mixer convolution(ConfigReader fields, String path, int hidden) {
    boolean bias = fields.bool("conv_bias", false);
    return RecurrentMixer.shortConvolution(
        LinearSlot.of(path + ".in_proj", hidden, bias, 3L * hidden),
        LinearSlot.of(path + ".out_proj", hidden, bias, hidden),
        RecurrentMixer.Convolution.declare(
            path + ".conv", hidden, fields.positiveInt("conv_L_cache", 3), bias));
  }

  private static GatedMlp mlp(String path, int hidden, long inner) {
    return new GatedMlp(
        LinearSlot.of(path, hidden, false, List.of("w1", "w3"), inner, inner),
        LinearSlot.of(path + ".w2", inner, false, hidden),
        Activation.SILU);
  }
}
