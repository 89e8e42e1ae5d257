package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * gpt-oss: a sliding window in every second layer, attention sinks, and experts with gate and up
 * interleaved by row.
 */
final class GptOssFamily extends LlamaLikeFamily {

  private static final int PERIOD = 2;
  private static final double LIMIT = 7;

  /** Key for whether the bounds of YaRN's ramp are integers; in llama.cpp they always are. */
  private static final String TRUNCATES = "adapt4j.rope.scaling.yarn_truncate";

  @Override
  public String architecture() {
    return "gpt-oss";
  }

  @Override
  public String modelType() {
    return "gpt_oss";
  }

  @Override
  public String modelClass() {
    return "GptOssForCausalLM";
  }

  @Override
  public boolean requiresOutput() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(131_072, 1e-5, "silu", false, 150_000, OptionalInt.of(64));
  }

  @Override
  void feedForward(List<TensorName> names) {
    String expert = "mlp.experts[" + Place.EXPERT + "].";
    Layout turned = Layout.TRANSPOSED;
    names.add(layer("mlp.router", "ffn_gate_inp"));
    names.add(layer(expert + "gate_up_proj", "ffn_gate_exps", turned.with(RowOrder.each(2, 0))));
    names.add(layer(expert + "gate_up_proj", "ffn_up_exps", turned.with(RowOrder.each(2, 1))));
    names.add(layer(expert + "down_proj", "ffn_down_exps", turned));
  }

  @Override
  void norms(List<TensorName> names) {
    names.add(layer("input_layernorm", "attn_norm"));
    names.add(layer("post_attention_layernorm", "post_attention_norm"));
    names.add(
        TensorName.tensor(
            "model.layers.{}.self_attn.sinks", "blk.{}.attn_sinks.weight", Layout.SAME));
  }

  @Override
  boolean statesHeadDim(Facts facts) {
    return true;
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsBeforeFileType());
    fields.addAll(ExpertRows.counts("num_local_experts", "num_experts_per_tok"));
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("attention.sliding_window", "sliding_window", this::window),
        new Field(
            (facts, prefix, target) ->
                target.uint32(
                    prefix + "expert_feed_forward_length", facts.decoder().intermediateSize()),
            (source, prefix, config) ->
                source
                    .integer(prefix + "expert_feed_forward_length")
                    .ifPresent(width -> config.put("intermediate_size", width))),
        new Field((facts, prefix, target) -> {}, windowPattern(PERIOD, facts -> PERIOD).reader()),
        new Field(
            (facts, prefix, target) -> {
              if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn
                  && yarn.truncate()) {
                target.bool(TRUNCATES, true);
              }
            },
            (source, prefix, config) -> {}));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().positiveInt("sliding_window", 128);
  }

  /** Requires the pattern of sliding windows that llama.cpp assumes. */
  @Override
  void requireWindow(Facts facts) {
    if (facts.fields().isNull("sliding_window")) {
      throw refused(facts, "sliding_window", "a number");
    }
    boolean[] usual = new boolean[facts.decoder().layers()];
    for (int i = 0; i < usual.length; i += PERIOD) {
      usual[i] = true;
    }
    if (!Arrays.equals(sliding(facts, PERIOD), usual)) {
      throw refused(facts, "layer_types", "a window in every second layer from the first on");
    }
  }

  @Override
  void requireBiases(Facts facts) {
    ConfigReader fields = facts.fields();
    if (!fields.bool("attention_bias", true)) {
      throw refused(facts, "attention_bias", "true");
    }
    requireOff(facts, "mlp_bias");
  }

  /**
   * Returns false: llama.cpp rounds the bounds of the ramp, unlike these models; the difference is
   * small.
   */
  @Override
  boolean truncates() {
    return false;
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    if (facts.fields().positiveNumber("swiglu_limit", LIMIT) != LIMIT) {
      throw refused(facts, "swiglu_limit", "7");
    }
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    config.put("attention_bias", true);
    if (config.path("rope_scaling") instanceof ObjectNode scaling
        && scaling.path("rope_type").asText().equals("yarn")) {
      scaling.put("truncate", metadata.bool(TRUNCATES).orElse(false));
    }
  }
}
