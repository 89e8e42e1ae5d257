package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.decoder.Ministral3;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.Optional;

/** Mistral's families. llama.cpp runs all but the latest as Llama, without sliding windows. */
final class MistralFamilies {

  private static final String ROPE = "rope_parameters";
  private static final String OLDER = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String BETA = "llama_4_scaling_beta";
  private static final String TEMPERATURE = "attention.temperature_scale";

  private MistralFamilies() {}

  /** Mistral 7B and its kin, written as Llama, which drops the sliding window. */
  static FamilyDeclaration<?> mistral() {
    return like("mistral", "MistralForCausalLM")
        .alsoWithin("llava", "internvl")
        .window(SlidingWindows::unlessNull);
  }

  /** Ministral, written as Llama, which drops the sliding window of some layers. */
  static FamilyDeclaration<?> ministral() {
    return like("ministral", "MinistralForCausalLM")
        .window(facts -> SlidingWindows.inSomeLayer(facts, SlidingWindows::unlessNull));
  }

  private static LlamaLike like(String modelType, String modelClass) {
    return LlamaFamilies.like("llama", modelType, modelClass).onlyWritten();
  }

  /** Mixtral, written as Llama with experts, which drops the sliding window. */
  static FamilyDeclaration<?> mixtral() {
    return LlamaFamilies.like("llama", "mixtral", "MixtralForCausalLM")
        .tokenizer(TokenizerStyle.ANY)
        .feedForward(Experts.names("block_sparse_moe", "w1", "w3", "w2"))
        .mixture("num_local_experts", "num_experts_per_tok")
        .window(SlidingWindows::stated)
        .fits(metadata -> metadata.integer("llama.expert_count").orElse(0) > 0);
  }

  /**
   * Ministral 3 and the text model of Mistral 3: Llama with YaRN, and queries scaled up beyond the
   * original context. Some multimodal models have Mistral's text model.
   */
  static FamilyDeclaration<?> ministral3() {
    return LlamaFamilies.like("mistral3", "ministral3", "Ministral3ForCausalLM")
        .alsoOf("mistral3")
        .whole(model -> model.modelType().equals("mistral3"))
        .textType(model -> isMistral(model) ? "mistral" : "ministral3")
        .adjust(
            facts ->
                isMistral(facts.model())
                    ? facts
                    : new Facts(
                        Ministral3.withScaling(facts.model()),
                        facts.decoder(),
                        facts.contextLength()))
        .statesHeadDim(true)
        .anyYarnBounds()
        .ropeScaling(RopeFields.scaling(true))
        .after(
            RopeFields.allDim(),
            Field.written(
                (facts, prefix, target) ->
                    temperature(facts)
                        .ifPresent(
                            rope ->
                                target.float32(
                                    prefix + TEMPERATURE, (float) rope.positiveNumber(BETA, 0.1)))))
        .window(
            facts ->
                isMistral(facts.model())
                    ? SlidingWindows.unlessNull(facts)
                    : SlidingWindows.stated(facts))
        .check(
            facts -> {
              if (temperature(facts).isPresent()
                  && !(facts.decoder().ropeScaling() instanceof RopeScaling.Yarn)) {
                throw Checks.refused(
                    facts, facts.fields().has(ROPE) ? ROPE : OLDER, "yarn with " + BETA);
              }
            })
        .complete(MistralFamilies::putScaling);
  }

  private static boolean isMistral(ModelConfig model) {
    return model.modelType().equals("mistral");
  }

  private static Optional<ConfigReader> temperature(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields.child(ROPE).or(() -> fields.child(OLDER)).filter(rope -> rope.has(BETA));
  }

  /** Sets RoPE scaling explicitly, as the model class has a default one. */
  private static void putScaling(GgufMetadata metadata, String prefix, ObjectNode config) {
    JsonNode read = config.remove(OLDER);
    ObjectNode rope =
        read instanceof ObjectNode scaling
            ? scaling
            : JsonNodeFactory.instance.objectNode().put("rope_type", "default");
    JsonNode theta = config.remove(THETA);
    if (theta != null) {
      rope.set(THETA, theta);
    }
    metadata.number(prefix + TEMPERATURE).ifPresent(beta -> rope.put(BETA, Field.decimal(beta)));
    config.set(ROPE, rope);
  }
}
