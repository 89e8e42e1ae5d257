package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Base of Qwen3-Next and Qwen 3.5: gated linear attention, with full attention in some layers. */
abstract class LinearAttentionFamily extends MixtureFamily {

  private static final String FULL = "full_attention";
  private static final String LINEAR = "linear_attention";
  private static final String INTERVAL = "full_attention_interval";
  private static final String RECURRENT = "attention.recurrent_layers";
  private static final String WIDTH = "intermediate_size";
  private static final int USUAL_INTERVAL = 4;

  private final boolean sparse;

  /** Creates a family, dense or a mixture of experts. */
  LinearAttentionFamily(boolean sparse) {
    this.sparse = sparse;
  }

  /** The heads of linear attention. */
  record LinearHeads(int keys, int values, int keyWidth, int valueWidth) {

    static LinearHeads read(ConfigReader fields) {
      return new LinearHeads(
          fields.positiveInt("linear_num_key_heads", 16),
          fields.positiveInt("linear_num_value_heads", 32),
          fields.positiveInt("linear_key_head_dim", 128),
          fields.positiveInt("linear_value_head_dim", 128));
    }

    int allKeys() {
      return keys * keyWidth;
    }

    int allValues() {
      return values * valueWidth;
    }
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", false, 10_000, OptionalInt.of(256));
  }

  @Override
  Facts read(ModelConfig model) {
    ModelConfig text = text(model);
    JsonNode ofExperts = text.toJson().get("moe_intermediate_size");
    ModelConfig sized =
        text.fields().has(WIDTH) || ofExperts == null ? text : text.with(WIDTH, ofExperts);
    return super.read(RotaryShare.withDefault(sized, 0.25));
  }

  /** Adds the tensors of linear attention, except its input projections. */
  abstract void linearRows(LinearHeads heads, List<TensorName> names);

  @Override
  List<TensorName> names(ModelConfig model) {
    List<TensorName> names = new ArrayList<>(super.names(model));
    linearRows(LinearHeads.read(text(model).fields()), names);
    return names;
  }

  @Override
  void feedForward(List<TensorName> names) {
    super.feedForward(names);
    names.addAll(ExpertRows.shared("mlp.shared_expert"));
    names.add(layer("mlp.shared_expert_gate", "ffn_gate_inp_shexp", Layout.ONE_ROW));
  }

  /** Returns the mapping of a linear-attention tensor. */
  static TensorName linear(String stored, String gguf, Layout layout) {
    return TensorName.tensor("model.layers.{}.linear_attn." + stored, "blk.{}." + gguf, layout);
  }

  @Override
  Layout normLayout() {
    return Layout.PLUS_ONE;
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm", Layout.PLUS_ONE));
    names.add(layer("post_attention_layernorm", "post_attention_norm", Layout.PLUS_ONE));
    names.add(layer("self_attn.q_norm", "attn_q_norm", Layout.PLUS_ONE));
    names.add(layer("self_attn.k_norm", "attn_k_norm", Layout.PLUS_ONE));
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> all = super.fieldsBeforeFileType();
    // The last two belong to experts.
    return sparse ? all : all.subList(0, all.size() - 2);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>();
    if (sparse) {
      fields.add(ExpertRows.width("moe_intermediate_size"));
      fields.add(
          Field.integer(
              "expert_shared_feed_forward_length",
              "shared_expert_intermediate_size",
              facts -> facts.fields().requirePositiveInt("shared_expert_intermediate_size")));
    }
    fields.add(
        Field.integer(
            "ssm.conv_kernel",
            "linear_conv_kernel_dim",
            facts -> facts.fields().positiveInt("linear_conv_kernel_dim", 4)));
    fields.add(
        Field.integer("ssm.state_size", "linear_key_head_dim", facts -> heads(facts).keyWidth()));
    fields.add(
        Field.integer("ssm.group_count", "linear_num_key_heads", facts -> heads(facts).keys()));
    fields.add(
        Field.integer(
            "ssm.time_step_rank", "linear_num_value_heads", facts -> heads(facts).values()));
    fields.add(Field.derived("ssm.inner_size", facts -> heads(facts).allValues()));
    fields.add(
        Field.derived(INTERVAL, LinearAttentionFamily::interval)
            .when(facts -> interval(facts) > 0));
    fields.add(
        new Field(
            (facts, prefix, target) -> {
              if (interval(facts) == 0) {
                target.bools(prefix + RECURRENT, recurrent(facts));
              }
            },
            (source, prefix, config) -> {}));
    fields.add(RotaryShare.count());
    return fields;
  }

  static LinearHeads heads(Facts facts) {
    return LinearHeads.read(facts.fields());
  }

  private static boolean[] recurrent(Facts facts) {
    boolean[] recurrent = new boolean[facts.decoder().layers()];
    List<String> types = facts.fields().texts("layer_types");
    if (types.isEmpty()) {
      return byInterval(recurrent.length, facts.fields().positiveInt(INTERVAL, USUAL_INTERVAL));
    }
    for (int i = 0; i < recurrent.length; i++) {
      recurrent[i] = types.get(i).equals(LINEAR);
    }
    return recurrent;
  }

  private static boolean[] byInterval(int layers, int interval) {
    boolean[] recurrent = new boolean[layers];
    for (int i = 0; i < layers; i++) {
      recurrent[i] = (i + 1) % interval != 0;
    }
    return recurrent;
  }

  /** Returns the period of full-attention layers; 0 if they are not periodic. */
  private static int interval(Facts facts) {
    boolean[] recurrent = recurrent(facts);
    int stated = facts.fields().positiveInt(INTERVAL, USUAL_INTERVAL);
    if (Arrays.equals(recurrent, byInterval(recurrent.length, stated))) {
      return stated;
    }
    for (int interval = 1; interval <= recurrent.length; interval++) {
      if (Arrays.equals(recurrent, byInterval(recurrent.length, interval))) {
        return interval;
      }
    }
    return 0;
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    LinearHeads heads = heads(facts);
    if (heads.keyWidth() != heads.valueWidth()) {
      throw refused(facts, "linear_value_head_dim", "linear_key_head_dim");
    }
    if (sparse) {
      ExpertRows.requireEverywhere(facts);
      ExpertRows.requireNormalized(facts, true, true);
    }
  }

  @Override
  public boolean isUnused(String gguf, ModelConfig model) {
    return NextLayers.has(gguf, model);
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    String prefix = architecture() + ".";
    NextLayers.remove(metadata, prefix, config);
    int layers = config.path("num_hidden_layers").asInt();
    boolean[] recurrent =
        metadata
            .bools(prefix + RECURRENT)
            .orElseGet(
                () ->
                    byInterval(
                        layers,
                        (int)
                            Math.max(
                                1, metadata.integer(prefix + INTERVAL).orElse(USUAL_INTERVAL))));
    ArrayNode types = config.putArray("layer_types");
    for (int i = 0; i < layers; i++) {
      types.add(i < recurrent.length && recurrent[i] ? LINEAR : FULL);
    }
    long values = Math.max(1, config.path("linear_num_value_heads").asLong());
    config.put(
        "linear_value_head_dim", metadata.integer(prefix + "ssm.inner_size").orElse(0) / values);
    if (sparse) {
      config.put("norm_topk_prob", true);
    }
    RotaryShare.complete(metadata, prefix, config);
  }
}
