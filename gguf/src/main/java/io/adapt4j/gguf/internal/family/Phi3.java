package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.RotaryShare;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.Set;

/**
 * Phi-3 and Phi-4 mini: fused query, key and value, fused gate and up, and LongRoPE as two tensors
 * of divisors.
 */
final class Phi3 {

  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String ATTENTION_FACTOR = "rope.scaling.attn_factor";
  private static final String WINDOW_KEY = "attention.sliding_window";
  private static final int CONTEXT = 4096;

  private Phi3() {}

  static FamilyDeclaration<?> family() {
    return new LlamaLike("phi3", "phi3", "Phi3ForCausalLM")
        .tokenizer(TokenizerStyle.PHI_3)
        .attention("self_attn.qkv_proj = attn_qkv", "self_attn.o_proj = attn_output")
        .feedForward("mlp.gate_up_proj = ffn_up", "mlp.down_proj = ffn_down")
        .first(Phi3::describeLongRope)
        .ownKeys(
            DecoderKeys.CONTEXT,
            Field.integer("rope.scaling.original_context_length", ORIGINAL, Phi3::original),
            DecoderKeys.WIDTH,
            DecoderKeys.INNER,
            DecoderKeys.BLOCKS,
            DecoderKeys.HEADS,
            DecoderKeys.KEY_VALUE_HEADS,
            DecoderKeys.RMS_EPS,
            RotaryShare.count(),
            DecoderKeys.THETA)
        .after(
            new Field(
                (facts, prefix, target) ->
                    target.uint32(prefix + WINDOW_KEY, SlidingWindows.stated(facts)),
                (source, prefix, config) -> {
                  // 0 means none; llama.cpp ignores others, which the model was trained with.
                  long window = source.integer(prefix + WINDOW_KEY).orElse(0);
                  config.set(
                      "sliding_window",
                      window > 0 ? LongNode.valueOf(window) : NullNode.getInstance());
                }))
        .window(SlidingWindows::stated)
        .rotatesPart()
        .scalings(Set.of(RopeScaling.Default.class, RopeScaling.LongRope.class))
        .usualHeadDim()
        .extraTensors(Phi3::divisors)
        .complete(Phi3::complete);
  }

  private static int original(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      return longRope.originalMaxPositionEmbeddings().orElse(CONTEXT);
    }
    return facts.fields().positiveInt(ORIGINAL, CONTEXT);
  }

  private static void describeLongRope(Facts facts, String prefix, GgufMetadata.Builder target) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      double stretch = (double) facts.decoder().maxPositionEmbeddings() / original(facts);
      double computed =
          stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original(facts)));
      double factor = longRope.attentionFactor().orElse(computed);
      target.float32(prefix + ATTENTION_FACTOR, (float) factor);
    }
  }

  static List<ExtraTensor> divisors(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      return List.of(
          new ExtraTensor(RopeFields.LONG_DIVISORS, floats(longRope.longFactors())),
          new ExtraTensor(RopeFields.SHORT_DIVISORS, floats(longRope.shortFactors())));
    }
    return List.of();
  }

  private static float[] floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }

  /** Sets the rotated fraction of a head, and LongRoPE's settings other than its two tensors. */
  private static void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    double headDim = config.path("hidden_size").asDouble() / heads;
    long rotated = metadata.integer(prefix + "rope.dimension_count").orElse((long) headDim);
    if (rotated != (long) headDim) {
      config.put("partial_rotary_factor", rotated / headDim);
    }
    metadata
        .number(prefix + ATTENTION_FACTOR)
        .ifPresent(
            value ->
                config
                    .putObject("rope_scaling")
                    .put("rope_type", "longrope")
                    .put("attention_factor", value));
  }
}
