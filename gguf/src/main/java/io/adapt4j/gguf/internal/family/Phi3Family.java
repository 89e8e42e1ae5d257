package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Phi-3 and Phi-4 mini: fused query, key and value, fused gate and up, and LongRoPE as two tensors
 * of divisors.
 */
final class Phi3Family extends LlamaLikeFamily {

  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String ATTENTION_FACTOR = "rope.scaling.attn_factor";
  private static final int CONTEXT = 4096;

  /** The tensor of divisors for long texts. */
  static final String LONG = "rope_factors_long.weight";

  /** The tensor of divisors for short texts. */
  static final String SHORT = "rope_factors_short.weight";

  @Override
  public String architecture() {
    return "phi3";
  }

  @Override
  public String modelType() {
    return "phi3";
  }

  @Override
  public String modelClass() {
    return "Phi3ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(CONTEXT, 1e-5, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  Facts read(ModelConfig model) {
    ModelConfig complete =
        model.fields().has(ORIGINAL) ? model : model.with(ORIGINAL, IntNode.valueOf(CONTEXT));
    return super.read(complete);
  }

  private static int original(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      return longRope.originalMaxPositionEmbeddings().orElse(CONTEXT);
    }
    return facts.fields().positiveInt(ORIGINAL, CONTEXT);
  }

  @Override
  void projections(DecoderConfig decoder, List<TensorName> names) {
    names.add(layer("self_attn.qkv_proj", "attn_qkv"));
    names.add(layer("self_attn.o_proj", "attn_output"));
    names.add(layer("mlp.gate_up_proj", "ffn_up"));
    names.add(layer("mlp.down_proj", "ffn_down"));
  }

  @Override
  public void describeFirst(Facts facts, GgufMetadata.Builder target) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      double stretch = (double) facts.decoder().maxPositionEmbeddings() / original(facts);
      double computed =
          stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original(facts)));
      double factor = longRope.attentionFactor().orElse(computed);
      target.float32(architecture() + "." + ATTENTION_FACTOR, (float) factor);
    }
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return List.of(
        contextLength(),
        Field.integer("rope.scaling.original_context_length", ORIGINAL, Phi3Family::original),
        Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize()),
        Field.integer(
            "feed_forward_length",
            "intermediate_size",
            facts -> facts.decoder().intermediateSize()),
        Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers()),
        Field.integer(
            "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads()),
        Field.integer(
            "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads()),
        rmsNormEps(),
        Field.derived("rope.dimension_count", facts -> facts.decoder().rotaryDim()),
        Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta()));
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        new Field(
            (facts, prefix, target) ->
                target.uint32(prefix + "attention.sliding_window", window(facts)),
            (source, prefix, config) -> {
              // 0 means none; llama.cpp ignores others, which the model was trained with.
              long window = source.integer(prefix + "attention.sliding_window").orElse(0);
              config.set(
                  "sliding_window", window > 0 ? LongNode.valueOf(window) : NullNode.getInstance());
            }));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().isNull("sliding_window")
        ? 0
        : facts.fields().optionalInt("sliding_window").orElse(0);
  }

  @Override
  boolean rotatesPart() {
    return true;
  }

  @Override
  Set<Class<? extends RopeScaling>> scalings() {
    return Set.of(RopeScaling.Default.class, RopeScaling.LongRope.class);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireUsualHeadDim(facts);
  }

  @Override
  public List<ExtraTensor> extraTensors(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.LongRope longRope) {
      return List.of(
          new ExtraTensor(LONG, floats(longRope.longFactors())),
          new ExtraTensor(SHORT, floats(longRope.shortFactors())));
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
  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    String prefix = architecture() + ".";
    int heads = Math.max(1, config.path("num_attention_heads").asInt());
    double headDim = config.path("hidden_size").asDouble() / heads;
    long rotated = metadata.integer(prefix + "rope.dimension_count").orElse((long) headDim);
    if (rotated != (long) headDim) {
      config.put("partial_rotary_factor", rotated / headDim);
    }
    OptionalDouble factor = metadata.number(prefix + ATTENTION_FACTOR);
    factor.ifPresent(
        value ->
            config
                .putObject("rope_scaling")
                .put("rope_type", "longrope")
                .put("attention_factor", value));
  }
}
