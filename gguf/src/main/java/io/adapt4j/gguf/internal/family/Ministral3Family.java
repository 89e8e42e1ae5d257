package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Ministral 3 and the text model of Mistral 3: Llama with YaRN, and queries scaled up beyond the
 * original context.
 */
final class Ministral3Family extends LlamaFamily {

  private static final String WHOLE = "mistral3";
  private static final String ROPE = "rope_parameters";
  private static final String OLDER = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String BETA = "llama_4_scaling_beta";
  private static final String TEMPERATURE = "attention.temperature_scale";

  @Override
  public String architecture() {
    return "mistral3";
  }

  @Override
  public String modelType() {
    return "ministral3";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("ministral3", WHOLE);
  }

  @Override
  public String modelClass() {
    return "Ministral3ForCausalLM";
  }

  @Override
  boolean isWhole(ModelConfig model) {
    return model.modelType().equals(WHOLE);
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(262_144, 1e-5, "silu", false, 1_000_000, OptionalInt.of(128));
  }

  /** Reads the configuration; some multimodal models use Mistral's text model. */
  @Override
  Facts read(ModelConfig stated) {
    ModelConfig model = text(stated);
    if (model.modelType().equals("mistral")) {
      return new MistralFamily().read(model);
    }
    boolean scaled = model.fields().has(ROPE) || model.fields().has(OLDER);
    ModelConfig complete = scaled ? model : model.with(ROPE, ownScaling());
    DecoderConfig decoder = DecoderConfig.from(complete, defaults());
    return new Facts(complete, decoder, decoder.maxPositionEmbeddings());
  }

  /** Returns the model class's default RoPE scaling. */
  private static ObjectNode ownScaling() {
    ObjectNode scaling = JsonNodeFactory.instance.objectNode();
    scaling.put("rope_type", "yarn").put(THETA, 1_000_000.0).put("factor", 16.0);
    scaling.put("original_max_position_embeddings", 16_384);
    scaling.put("beta_fast", 32.0).put("beta_slow", 1.0);
    scaling.put("mscale", 1.0).put("mscale_all_dim", 1.0).put(BETA, 0.1);
    return scaling;
  }

  private static Optional<ConfigReader> temperature(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields.child(ROPE).or(() -> fields.child(OLDER)).filter(rope -> rope.has(BETA));
  }

  @Override
  boolean readsBounds() {
    return true;
  }

  @Override
  Field ropeScaling() {
    return RopeFields.scalingByAllDim();
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(super.fieldsAfterFileType());
    fields.add(RopeFields.allDim());
    fields.add(
        new Field(
            (facts, prefix, target) ->
                temperature(facts)
                    .ifPresent(
                        rope ->
                            target.float32(
                                prefix + TEMPERATURE, (float) rope.positiveNumber(BETA, 0.1))),
            (source, prefix, config) -> {}));
    return fields;
  }

  @Override
  int window(Facts facts) {
    if (facts.model().modelType().equals("mistral")) {
      return new MistralFamily().window(facts);
    }
    return facts.fields().isNull("sliding_window")
        ? 0
        : facts.fields().optionalInt("sliding_window").orElse(0);
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    if (temperature(facts).isPresent()
        && !(facts.decoder().ropeScaling() instanceof RopeScaling.Yarn)) {
      throw refused(facts, facts.fields().has(ROPE) ? ROPE : OLDER, "yarn with " + BETA);
    }
  }

  /** Sets RoPE scaling explicitly, as the model class has a default one. */
  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    JsonNode read = config.remove(OLDER);
    ObjectNode rope =
        read instanceof ObjectNode scaling
            ? scaling
            : JsonNodeFactory.instance.objectNode().put("rope_type", "default");
    JsonNode theta = config.remove(THETA);
    if (theta != null) {
      rope.set(THETA, theta);
    }
    metadata
        .number(architecture() + "." + TEMPERATURE)
        .ifPresent(beta -> rope.put(BETA, Field.decimal(beta)));
    config.set(ROPE, rope);
  }
}
