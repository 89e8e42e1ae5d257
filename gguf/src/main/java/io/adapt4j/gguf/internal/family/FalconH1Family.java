package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Falcon-H1: parallel state space and attention in every layer. Files fold its multipliers into the
 * weights.
 */
final class FalconH1Family extends LlamaLikeFamily {

  @Override
  public String architecture() {
    return "falcon-h1";
  }

  @Override
  public String modelType() {
    return "falcon_h1";
  }

  @Override
  public String modelClass() {
    return "FalconH1ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(8192, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  /** Returns true, as output and embedding have different multipliers. */
  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  public Layout tiedOutput(Facts facts) {
    return Layout.SAME.scaled(factor(facts.fields(), "lm_head_multiplier"));
  }

  private static double factor(ConfigReader fields, String name) {
    return fields.positiveNumber(name, 1);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    ConfigReader fields = model.fields();
    Facts facts = read(model);
    double in = factor(fields, "attention_in_multiplier");
    double gate = fields.numberAt("mlp_multipliers", 0).orElse(1);
    double down = fields.numberAt("mlp_multipliers", 1).orElse(1);
    List<TensorName> names =
        new ArrayList<>(
            List.of(
                TensorName.of(
                    "model.embed_tokens",
                    "token_embd",
                    scaled(factor(fields, "embedding_multiplier"))),
                TensorName.of("model.final_layernorm", "output_norm"),
                TensorName.of("lm_head", "output", tiedOutput(facts)),
                layer("self_attn.q_proj", "attn_q", scaled(in)),
                layer("self_attn.k_proj", "attn_k", scaled(in * factor(fields, "key_multiplier"))),
                layer("self_attn.v_proj", "attn_v", scaled(in)),
                layer(
                    "self_attn.o_proj",
                    "attn_output",
                    scaled(factor(fields, "attention_out_multiplier"))),
                layer("feed_forward.gate_proj", "ffn_gate", scaled(gate)),
                layer("feed_forward.up_proj", "ffn_up"),
                layer("feed_forward.down_proj", "ffn_down", scaled(down)),
                layer("input_layernorm", "attn_norm"),
                TensorName.tensor(
                    "model.layers.{}.pre_ff_layernorm.weight", "blk.{}.ffn_norm", Layout.SAME)));
    names.addAll(
        StateSpaceRows.names(fields, stateIn(facts), scaled(factor(fields, "ssm_out_multiplier"))));
    return names;
  }

  private static Layout scaled(double factor) {
    return Layout.SAME.scaled(factor);
  }

  /**
   * Returns the layout of the state-space input; gates, values, B, C and steps have different
   * multipliers.
   */
  private static Layout stateIn(Facts facts) {
    ConfigReader fields = facts.fields();
    double all = factor(fields, "ssm_in_multiplier");
    double[] own = new double[5];
    boolean none = all == 1;
    for (int i = 0; i < own.length; i++) {
      own[i] = fields.numberAt("ssm_multipliers", i).orElse(1);
      none &= own[i] == 1;
    }
    if (none) {
      return Layout.SAME;
    }
    int inner = StateSpaceRows.inner(facts);
    int keys = fields.positiveInt("mamba_n_groups", 1) * fields.positiveInt("mamba_d_state", 256);
    int[] ends = {inner, 2 * inner, 2 * inner + keys, 2 * inner + 2 * keys};
    return Layout.SAME.scaled(
        row -> {
          int part = 0;
          while (part < ends.length && row >= ends[part]) {
            part++;
          }
          return all * own[part];
        });
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        StateSpaceRows.kernel(),
        StateSpaceRows.innerSize(),
        StateSpaceRows.stateSize(),
        StateSpaceRows.headCount(),
        StateSpaceRows.groupCount(),
        rmsNormEps());
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize()),
        keyValueHeads(),
        keyLength(),
        Field.derived("attention.value_length", facts -> facts.decoder().headDim()),
        RopeFields.scaling(),
        Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta()));
  }

  @Override
  void requireBiases(Facts facts) {
    super.requireBiases(facts);
    requireOff(facts, "projectors_bias");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    StateSpaceRows.require(facts);
    ConfigReader fields = facts.fields();
    if (fields.bool("mamba_rms_norm", false) && fields.bool("mamba_norm_before_gate", true)) {
      throw refused(facts, "mamba_norm_before_gate", "false");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    StateSpaceRows.complete(metadata, architecture() + ".", config);
    config.put("mamba_d_ssm", metadata.integer(architecture() + ".ssm.inner_size").orElse(0));
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    boolean normed = tensors.contains("blk.0.ssm_norm.weight");
    config.put("mamba_rms_norm", normed);
    config.put("mamba_norm_before_gate", false);
  }
}
