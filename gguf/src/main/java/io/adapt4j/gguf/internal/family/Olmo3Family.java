package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.OptionalInt;

/** OLMo 3, whose files are those of OLMo 2 with windows. */
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

  /** llama.cpp knows them here. */
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
