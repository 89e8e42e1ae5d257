package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.attention.RecurrentMixer;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.family.common.Experts;
import io.adapt4j.core.internal.nn.layer.BranchLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;
import io.adapt4j.core.internal.nn.mlp.ProjectedExperts;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Nemotron-H, Nemotron Nano 2 and Nemotron 3 (NVIDIA 2025): layers of one branch each, which is a
 * state space, attention without positions, an MLP, or a mixture of experts.
 */
public final class NemotronH extends BuiltInFamily {

  private static final String MAMBA = "mamba";
  private static final String ATTENTION = "attention";
  private static final String DENSE = "mlp";
  private static final String MIXTURE = "moe";
  private static final String EXPERTS = "n_routed_experts";

  /** Letters of {@code hybrid_override_pattern}. */
  private static final Map<Character, String> LETTERS =
      Map.of('M', MAMBA, '*', ATTENTION, '-', DENSE, 'E', MIXTURE);

  /** Names of layers in later files. */
  private static final Map<String, String> LATER =
      Map.of("linear_attention", MAMBA, "full_attention", ATTENTION);

  public NemotronH() {
    super(
        "nemotron_h",
        "layer_types",
        EXPERTS,
        "n_shared_experts",
        "num_experts_per_tok",
        "moe_intermediate_size",
        "num_local_experts");
  }

  @Override
  public Network declare(ModelConfig model) {
    ConfigReader fields = model.fields();
    List<String> types = types(fields);
    int context = fields.positiveInt("max_position_embeddings", 4096);
    Parts parts = Parts.read(model);
    BranchDecoder decoder = new BranchDecoder(model, "model", types.size(), context);
    return decoder.declare(
        (path, layer) ->
            parts.layer(types.get(layer), decoder.norm(path + ".norm"), path + ".mixer"));
  }

  /** Returns the kind of each layer. */
  public static List<String> types(ConfigReader fields) {
    String field = fields.has("layers_block_type") ? "layers_block_type" : "layer_types";
    List<String> types = new ArrayList<>();
    if (fields.has(field)) {
      fields.texts(field).forEach(type -> types.add(LATER.getOrDefault(type, type)));
    } else {
      field = "hybrid_override_pattern";
      for (char letter : fields.optionalText(field).orElse("ME*-").toCharArray()) {
        types.add(LETTERS.getOrDefault(letter, ""));
      }
    }
    int stated = fields.optionalInt("num_hidden_layers").orElse(types.size());
    if (types.size() != stated || !LETTERS.values().containsAll(types)) {
      throw fields.invalid(
          field,
          stated + " layers, each a state space, attention, an MLP or a mixture",
          "No others are known; num_hidden_layers is their number.");
    }
    return types;
  }

  /** Declares the branches of layers. */
  private record Parts(ModelConfig model, int hidden, Mamba2 mamba, Activation activation) {

    static Parts read(ModelConfig model) {
      ConfigReader fields = model.fields();
      Mamba2.requireSilu(fields, "mamba_hidden_act");
      int hidden = fields.requirePositiveInt("hidden_size");
      RecurrentMixer.StateHeads heads = heads(fields);
      boolean bias = fields.bool("use_bias", false);
      Mamba2 mamba =
          new Mamba2(
              hidden,
              heads,
              fields.positiveInt(either(fields, "conv_kernel", "mamba_d_conv"), 4),
              new Mamba2.Biases(
                  fields.bool(either(fields, "use_conv_bias", "mamba_conv_bias"), true),
                  bias,
                  bias),
              // Transformers has no upper limit.
              new double[] {
                fields
                    .optionalNumber(either(fields, "time_step_min", "mamba_dt_min"))
                    .orElse(0.001),
                Double.POSITIVE_INFINITY
              },
              new Mamba2.NormRule(heads.groups(), false, BranchDecoder.epsilon(fields)));
      return new Parts(model, hidden, mamba, Activations.read(model, "mlp_hidden_act", "relu2"));
    }

    private static RecurrentMixer.StateHeads heads(ConfigReader fields) {
      int count = fields.positiveInt("mamba_num_heads", 128);
      String name = either(fields, "n_groups", "mamba_n_groups");
      int groups = fields.positiveInt(name, 8);
      fields.requireDivisor(name, groups, "mamba_num_heads", count);
      return new RecurrentMixer.StateHeads(
          groups,
          count,
          fields.positiveInt("ssm_state_size", 128),
          fields.positiveInt("mamba_head_dim", 64));
    }

    private static String either(ConfigReader fields, String name, String earlier) {
      return fields.has(earlier) ? earlier : name;
    }

    Layer layer(String type, Norm norm, String path) {
      return switch (type) {
        case MAMBA -> BranchLayer.of(norm, mamba.declare(path));
        case ATTENTION -> BranchLayer.of(norm, attention(path));
        case DENSE -> BranchLayer.of(norm, dense(path, "intermediate_size", 21_504));
        default -> BranchLayer.of(norm, mixture(path));
      };
    }

    private Attention attention(String path) {
      ConfigReader fields = model.fields();
      int count = fields.positiveInt("num_attention_heads", 32);
      int groups =
          fields.positiveInt(
              "num_key_value_heads", fields.isNull("num_key_value_heads") ? count : 8);
      fields.requireDivisor("num_key_value_heads", groups, "num_attention_heads", count);
      Heads heads =
          Heads.grouped(
              count,
              groups,
              fields.positiveInt(either(fields, "head_dim", "attention_head_dim"), 128));
      long kv = heads.keyValueWidth();
      return new Attention(
          LinearSlot.of(
              path,
              hidden,
              false,
              List.of("q_proj", "k_proj", "v_proj"),
              heads.queryWidth(),
              kv,
              kv),
          LinearSlot.of(path + ".o_proj", heads.queryWidth(), false, hidden),
          heads,
          null,
          Attention.NO_ROTARY,
          AttentionRule.causal(heads.dim()));
    }

    private Mlp dense(String path, String width, int absent) {
      boolean bias = model.fields().bool("mlp_bias", false);
      int inner = model.fields().positiveInt(width, absent);
      return plain(path + ".up_proj", path + ".down_proj", hidden, inner, bias);
    }

    private Mlp plain(String up, String down, long width, long inner, boolean bias) {
      return new PlainMlp(
          LinearSlot.of(up, width, bias, inner),
          LinearSlot.of(down, inner, bias, width),
          activation);
    }

    private Mlp mixture(String path) {
      ConfigReader fields = model.fields();
      ExpertOps.Rule rule =
          new ExpertOps.Rule(
              Experts.chosen(model, "num_experts_per_tok", EXPERTS),
              fields.bool("norm_topk_prob", true),
              true,
              0,
              fields.positiveNumber("routed_scaling_factor", 1),
              fields.positiveInt("n_group", 1),
              fields.positiveInt("topk_group", 1));
      Experts experts =
          Experts.read(model, "moe_intermediate_size", EXPERTS, rule, 0)
              .correction("gate.e_score_correction_bias", fields.requirePositiveInt(EXPERTS));
      Mlp shared = dense(path + ".shared_experts", "moe_shared_expert_intermediate_size", 7688);
      boolean projected = fields.has("moe_latent_size");
      long width = projected ? fields.requirePositiveInt("moe_latent_size") : hidden;
      boolean stacked = model.hasStackedExperts();
      String owner = path + ".experts";
      var mixture =
          experts.declare(
              path,
              path + ".gate",
              false,
              expert ->
                  stacked
                      ? plain(
                          ExpertStacks.path(owner, expert, "up_proj"),
                          ExpertStacks.path(owner, expert, "down_proj"),
                          width,
                          experts.width(),
                          false)
                      : plain(
                          owner + "." + expert + ".up_proj",
                          owner + "." + expert + ".down_proj",
                          width,
                          experts.width(),
                          false),
              projected ? null : experts.shared(shared));
      boolean bias = fields.bool("mlp_bias", false);
      return projected
          ? new ProjectedExperts(
              mixture,
              LinearSlot.of(path + ".fc1_latent_proj", hidden, bias, width),
              LinearSlot.of(path + ".fc2_latent_proj", width, bias, hidden),
              shared)
          : mixture;
    }
  }
}
