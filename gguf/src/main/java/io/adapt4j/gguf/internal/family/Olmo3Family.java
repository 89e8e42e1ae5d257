package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScalingReader;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** OLMo 3, written as OLMo 2 with sliding windows. */
final class Olmo3Family extends Olmo2Family {

  private static final int PERIOD = 4;

  @Override
  public String modelType() {
    return "olmo3";
  }

  @Override
  public String modelClass() {
    return "Olmo3ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(65_536, 1e-5, "silu", false, 500_000, OptionalInt.empty());
  }

  @Override
  Optional<String> rotatedAs() {
    return Optional.of("full_attention");
  }

  /** Reads the configuration; sliding-window layers have the same rotary base, without scaling. */
  @Override
  Facts read(ModelConfig stated) {
    Facts facts = super.read(stated);
    RopeScalingReader.ofType(facts.fields(), Optional.of("sliding_attention"))
        .map(RopeFields::plain)
        .filter(own -> own.optionalNumber("rope_theta").isPresent())
        .filter(own -> own.requirePositiveNumber("rope_theta") != facts.decoder().ropeTheta())
        .ifPresent(
            own -> {
              throw own.invalid(
                  "rope_theta",
                  "that of full_attention, " + facts.decoder().ropeTheta(),
                  "GGUF has one base for all layers of this family.");
            });
    return facts;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return List.of(
        Field.integer("attention.sliding_window", "sliding_window", this::window)
            .when(facts -> window(facts) > 0),
        statedPattern(PERIOD).when(facts -> window(facts) > 0));
  }

  @Override
  int window(Facts facts) {
    return facts.fields().isNull("sliding_window")
        ? 0
        : facts.fields().positiveInt("sliding_window", 4096);
  }

  /** Accepts sliding windows, which llama.cpp supports here. */
  @Override
  void requireWindow(Facts facts) {}

  @Override
  public boolean fits(GgufMetadata metadata) {
    return metadata.string("general.architecture").filter(architecture()::equals).isPresent()
        && statedWindow(metadata) > 0;
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    if (!config.has("rope_theta")) {
      config.put("rope_theta", 10_000.0);
    }
  }
}
