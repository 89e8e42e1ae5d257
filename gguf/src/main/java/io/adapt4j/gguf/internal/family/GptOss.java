package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Arrays;
import java.util.List;

/**
 * gpt-oss: a sliding window in every second layer, attention sinks, and experts with gate and up
 * interleaved by row.
 */
final class GptOss {

  private static final double LIMIT = 7;

  /** Key for whether the bounds of YaRN's ramp are integers; in llama.cpp they always are. */
  private static final String TRUNCATES = "adapt4j.rope.scaling.yarn_truncate";

  private GptOss() {}

  static FamilyDeclaration<?> family() {
    return new LlamaLike("gpt-oss", "gpt_oss", "GptOssForCausalLM")
        .requiresOutput()
        .feedForward(experts())
        .norms("input_layernorm = attn_norm", "post_attention_layernorm = post_attention_norm")
        .more(List.of(TensorName.layerTensor("self_attn.sinks", "attn_sinks.weight", Layout.SAME)))
        .statesHeadDim(true)
        .alsoBefore(Experts.counts("num_local_experts", "num_experts_per_tok"))
        .after(
            DecoderKeys.window(facts -> facts.fields().positiveInt("sliding_window", 128)),
            Field.integer(
                "expert_feed_forward_length",
                "intermediate_size",
                facts -> facts.decoder().intermediateSize()),
            Field.read(SlidingWindows.statedPattern(2).reader()),
            Field.written((facts, prefix, target) -> target.bool(TRUNCATES, true))
                .when(
                    facts ->
                        facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn
                            && yarn.truncate()))
        .windows(GptOss::requireEverySecond)
        .biases(
            facts -> {
              Checks.flag(facts, "attention_bias", true, true);
              Checks.off(facts, "mlp_bias");
            })
        // llama.cpp rounds the bounds of the ramp, unlike these models; the difference is small.
        .anyYarnRamp()
        .check(
            facts -> {
              if (facts.fields().positiveNumber("swiglu_limit", LIMIT) != LIMIT) {
                throw Checks.refused(facts, "swiglu_limit", "7");
              }
            })
        .complete(GptOss::complete);
  }

  private static List<TensorName> experts() {
    String expert = "mlp.experts[" + Place.EXPERT + "].";
    Layout gate = Layout.TRANSPOSED.with(RowOrder.each(2, 0));
    Layout up = Layout.TRANSPOSED.with(RowOrder.each(2, 1));
    return List.of(
        TensorName.layer("mlp.router", "ffn_gate_inp", Layout.SAME),
        TensorName.layer(expert + "gate_up_proj", "ffn_gate_exps", gate),
        TensorName.layer(expert + "gate_up_proj", "ffn_up_exps", up),
        TensorName.layer(expert + "down_proj", "ffn_down_exps", Layout.TRANSPOSED));
  }

  /** Requires the pattern of sliding windows that llama.cpp assumes. */
  private static void requireEverySecond(Facts facts) {
    SlidingWindows.requireStated(facts);
    boolean[] fixed = SlidingWindows.byPeriod(facts.decoder().layers(), 2);
    if (!Arrays.equals(SlidingWindows.layers(facts, 2), fixed)) {
      throw Checks.refused(
          facts, "layer_types", "a window in every second layer from the first on");
    }
  }

  private static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    config.put("attention_bias", true);
    if (config.path("rope_scaling") instanceof ObjectNode scaling
        && scaling.path("rope_type").asText().equals("yarn")) {
      scaling.put("truncate", metadata.bool(TRUNCATES).orElse(false));
    }
  }
}
