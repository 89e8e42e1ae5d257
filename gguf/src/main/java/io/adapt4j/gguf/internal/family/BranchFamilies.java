package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.hybrid.NemotronH;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Families whose layers have one branch each: Mamba-2 and Nemotron-H. */
final class BranchFamilies {

  private static final String ATTENTION = "attention";
  private static final String MIXTURE = "moe";
  private static final String EPS = "layer_norm_epsilon";
  private static final String STEP = "time_step_min";
  private static final String KEY_VALUE = "attention.head_count_kv";
  private static final String INNER = "feed_forward_length";
  private static final String STATE_WIDTH = "ssm.inner_size";
  private static final String GROUPS = "n_groups";
  private static final String SHARED = "moe_shared_expert_intermediate_size";

  /** Length that official files state, as states have no positions. */
  private static final int CONTEXT = 1 << 20;

  private BranchFamilies() {}

  static FamilyDeclaration<?> mamba2() {
    return new PlainFamily("mamba2", "mamba2", "Mamba2ForCausalLM")
        .read(
            model -> facts(model, model.fields().requirePositiveInt("num_hidden_layers"), 1, 1, 1))
        .names(model -> names("backbone", groups(model.fields())))
        .before(
            Field.derived("context_length", facts -> CONTEXT),
            DecoderKeys.WIDTH,
            Field.derived(INNER, facts -> 0),
            Field.derived("attention.head_count", facts -> 0),
            DecoderKeys.BLOCKS,
            Field.integer("ssm.conv_kernel", "conv_kernel", 4),
            Field.derived(STATE_WIDTH, facts -> inner(facts.fields(), "num_heads", "head_dim")),
            Field.integer("ssm.state_size", "state_size", 128),
            Field.integer("ssm.time_step_rank", "num_heads", 128),
            Field.integer("ssm.group_count", GROUPS, 8),
            Field.number("attention.layer_norm_rms_epsilon", EPS, 1e-5))
        .check(facts -> Checks.off(facts, "use_bias"))
        .check(facts -> Checks.flag(facts, "use_conv_bias", true, true))
        // llama.cpp normalizes groups separately, this family jointly.
        .check(facts -> Checks.number(facts, GROUPS, groups(facts.fields()), 1))
        .check(
            facts -> {
              ConfigReader fields = facts.fields();
              if (fields.numberAt("time_step_limit", 0).orElse(0) > 0
                  || fields.numberAt("time_step_limit", 1).orElse(CONTEXT) < CONTEXT) {
                throw Checks.refused(facts, "time_step_limit", "0 to infinity");
              }
            })
        .complete(
            (metadata, prefix, config) -> {
              long inner = metadata.integer(prefix + STATE_WIDTH).orElse(0);
              config.put("head_dim", inner / Math.max(1, config.path("num_heads").asLong()));
              config.put("expand", inner / Math.max(1, config.path("hidden_size").asDouble()));
              config.put("use_bias", false).put("use_conv_bias", true);
            });
  }

  /** Nemotron-H and Nemotron Nano 2. */
  static FamilyDeclaration<?> nemotronH() {
    return nemotron("nemotron_h", false);
  }

  /** Nemotron 3, with mixtures of experts. */
  static FamilyDeclaration<?> nemotronMixture() {
    return nemotron("nemotron_h_moe", true)
        .alsoBefore(Experts.counts("n_routed_experts", "num_experts_per_tok"))
        .after(
            Experts.width(),
            Field.integer("expert_shared_feed_forward_length", SHARED, 7688),
            Field.derived("expert_shared_count", facts -> 1),
            Field.flag(
                "expert_weights_norm",
                "norm_topk_prob",
                facts -> facts.fields().bool("norm_topk_prob", true)),
            Field.number("expert_weights_scale", "routed_scaling_factor", 1),
            Field.derived("expert_group_count", facts -> 1))
        .check(facts -> Checks.off(facts, "mlp_bias"))
        .check(
            facts -> Checks.number(facts, "n_group", facts.fields().positiveInt("n_group", 1), 1))
        .check(
            facts -> {
              if (facts.fields().has("moe_latent_size")) {
                throw Checks.refused(facts, "moe_latent_size", "no such width");
              }
              if (types(facts).contains("mlp")) {
                throw Checks.refused(facts, "layers_block_type", "mixtures instead of MLPs");
              }
            });
  }

  private static PlainFamily nemotron(String architecture, boolean sparse) {
    return new PlainFamily(architecture, "nemotron_h", "NemotronHForCausalLM")
        .accepts(model -> NemotronH.types(model.fields()).contains(MIXTURE) == sparse)
        .read(BranchFamilies::nemotronFacts)
        .names(
            model ->
                TensorName.concat(names("model", groups(model.fields())), branches("model.layers")))
        .before(
            DecoderKeys.BLOCKS,
            Field.written(
                (facts, prefix, target) -> target.uint32(prefix + "context_length", CONTEXT)),
            DecoderKeys.WIDTH,
            byLayer(INNER, sparse ? MIXTURE : "mlp", facts -> facts.decoder().intermediateSize()),
            DecoderKeys.HEADS,
            byLayer(KEY_VALUE, ATTENTION, facts -> facts.decoder().kvHeads()),
            Field.number("attention.layer_norm_rms_epsilon", EPS, 1e-5),
            Field.written(
                (facts, prefix, target) ->
                    target.float32(
                        prefix + "attention.layer_norm_epsilon",
                        (float) facts.decoder().rmsNormEps())))
        .after(
            DecoderKeys.VOCABULARY,
            DecoderKeys.HEAD_ROTATED,
            Field.integer("ssm.conv_kernel", "conv_kernel", 4),
            Field.integer("ssm.state_size", "ssm_state_size", 128),
            Field.integer("ssm.group_count", GROUPS, 8),
            Field.derived(
                STATE_WIDTH, facts -> inner(facts.fields(), "mamba_num_heads", "mamba_head_dim")),
            Field.integer("ssm.time_step_rank", "mamba_num_heads", 128),
            Field.written(
                (facts, prefix, target) -> target.bool(prefix + "rope.scaling.finetuned", false)),
            DecoderKeys.KEY_LENGTH,
            DecoderKeys.VALUE_LENGTH)
        .check(facts -> Checks.off(facts, "use_bias"))
        .check(facts -> Checks.flag(facts, "use_conv_bias", true, true))
        .check(
            facts ->
                Checks.activation(
                    facts, "mlp_hidden_act", facts.decoder().hiddenActivation(), Set.of("relu2")))
        .check(
            facts -> {
              // llama.cpp has no least step; official files are of models with this one.
              if (facts.fields().optionalNumber(STEP).orElse(0.001) > 0.001) {
                throw Checks.refused(facts, STEP, "at most 0.001");
              }
            })
        .complete((metadata, prefix, config) -> complete(metadata, prefix, config, sparse));
  }

  private static int groups(ConfigReader fields) {
    return fields.positiveInt(GROUPS, 8);
  }

  private static int inner(ConfigReader fields, String heads, String width) {
    return fields.positiveInt(heads, 128) * fields.positiveInt(width, 64);
  }

  private static List<String> types(Facts facts) {
    return NemotronH.types(facts.fields());
  }

  private static Facts nemotronFacts(ModelConfig model) {
    ConfigReader fields = model.fields();
    List<String> types = NemotronH.types(fields);
    int heads = fields.positiveInt("num_attention_heads", 32);
    String inner = types.contains(MIXTURE) ? "moe_intermediate_size" : "intermediate_size";
    int width = fields.positiveInt(inner, 21_504);
    return facts(model, types.size(), width, heads, kvHeads(fields, heads));
  }

  private static int kvHeads(ConfigReader fields, int heads) {
    String field = "num_key_value_heads";
    return fields.positiveInt(field, fields.isNull(field) ? heads : 8);
  }

  private static Facts facts(ModelConfig model, int layers, int inner, int heads, int kvHeads) {
    ConfigReader fields = model.fields();
    int width = heads == 1 ? 1 : fields.positiveInt("head_dim", 128);
    DecoderConfig decoder =
        new DecoderConfig(
            fields.requirePositiveInt("hidden_size"),
            inner,
            layers,
            heads,
            kvHeads,
            width,
            fields.requirePositiveInt("vocab_size"),
            CONTEXT,
            fields.positiveNumber(EPS, 1e-5),
            fields.optionalText("mlp_hidden_act").orElse("relu2"),
            false,
            false,
            fields.bool("tie_word_embeddings", false),
            10_000,
            new RopeScaling.Default(),
            width);
    return new Facts(model, decoder, CONTEXT);
  }

  /** Returns the key for a number that layers of a type have, and others 0 of. */
  private static Field byLayer(String key, String type, ToIntFunction<Facts> value) {
    return Field.written(
        (facts, prefix, target) -> {
          List<String> types = types(facts);
          int[] values = new int[types.size()];
          Arrays.setAll(values, i -> types.get(i).equals(type) ? value.applyAsInt(facts) : 0);
          target.int32s(prefix + key, values);
        });
  }

  private static void complete(
      GgufMetadata metadata, String prefix, ObjectNode config, boolean sparse) {
    long[] heads = metadata.integers(prefix + KEY_VALUE).orElse(new long[0]);
    long[] inner = metadata.integers(prefix + INNER).orElse(new long[0]);
    ArrayNode types = config.putArray("layers_block_type");
    for (int i = 0; i < config.path("num_hidden_layers").asInt(); i++) {
      boolean works = i < inner.length && inner[i] > 0;
      boolean attends = i < heads.length && heads[i] > 0;
      types.add(works ? (sparse ? MIXTURE : "mlp") : attends ? ATTENTION : "mamba");
      if (works) {
        config.put("intermediate_size", inner[i]);
      }
      if (attends) {
        config.put("num_key_value_heads", heads[i]);
      }
    }
    long width = metadata.integer(prefix + STATE_WIDTH).orElse(0);
    config.put("mamba_head_dim", width / Math.max(1, config.path("mamba_num_heads").asLong()));
    config.put("max_position_embeddings", metadata.integer(prefix + "context_length").orElse(0));
    config.put("mlp_hidden_act", "relu2").put("use_bias", false).put("use_conv_bias", true);
  }

  private static List<TensorName> names(String root, int groups) {
    String mixer = root + ".layers.{}.mixer.";
    return TensorName.concat(
        TensorName.modules(
            root + ".embeddings = token_embd", root + ".norm_f = output_norm", "lm_head = output"),
        TensorName.layersOf(
            root + ".layers",
            Layout.SAME,
            "norm = attn_norm",
            "mixer.in_proj = ssm_in",
            "mixer.out_proj = ssm_out"),
        List.of(
            TensorName.tensor(mixer + "conv1d.weight", ssm("conv1d.weight"), Layout.SQUEEZED),
            TensorName.tensor(mixer + "conv1d.bias", ssm("conv1d.bias"), Layout.SAME),
            TensorName.tensor(mixer + "dt_bias", ssm("dt.bias"), Layout.SAME),
            TensorName.tensor(mixer + "A_log", ssm("a"), Layout.COLUMN.decay()),
            TensorName.tensor(mixer + "D", ssm("d"), Layout.COLUMN),
            TensorName.tensor(mixer + "norm.weight", ssm("norm.weight"), Layout.grouped(groups))));
  }

  private static String ssm(String name) {
    return "blk.{}.ssm_" + name;
  }

  private static List<TensorName> branches(String path) {
    String experts = "mixer.experts." + Place.EXPERT + ".";
    String stacked = "mixer.experts[" + Place.EXPERT + "].";
    return TensorName.concat(
        TensorName.layersOf(
            path,
            Layout.SAME,
            "mixer.q_proj = attn_q",
            "mixer.k_proj = attn_k",
            "mixer.v_proj = attn_v",
            "mixer.o_proj = attn_output",
            "mixer.up_proj = ffn_up",
            "mixer.down_proj = ffn_down",
            "mixer.gate = ffn_gate_inp",
            experts + "up_proj = ffn_up_exps",
            experts + "down_proj = ffn_down_exps",
            stacked + "up_proj = ffn_up_exps",
            stacked + "down_proj = ffn_down_exps",
            "mixer.shared_experts.up_proj = ffn_up_shexp",
            "mixer.shared_experts.down_proj = ffn_down_shexp"),
        List.of(
            TensorName.tensor(
                path + ".{}.mixer.gate.e_score_correction_bias",
                "blk.{}.exp_probs_b.bias",
                Layout.SAME)));
  }
}
