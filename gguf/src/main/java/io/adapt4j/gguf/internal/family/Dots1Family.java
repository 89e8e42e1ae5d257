package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** dots.llm1: norms on each query and key head; llama.cpp ignores the windows of some layers. */
final class Dots1Family extends SigmoidRoutedFamily {

  @Override
  public String architecture() {
    return "dots1";
  }

  @Override
  public String modelType() {
    return "dots1";
  }

  @Override
  public String modelClass() {
    return "Dots1ForCausalLM";
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(2048, 1e-6, "silu", false, 10_000, OptionalInt.empty());
  }

  @Override
  int absent() {
    return 0;
  }

  @Override
  boolean normalizedByDefault() {
    return false;
  }

  @Override
  void norms(List<TensorName> names) {
    super.norms(names);
    queryKeyNorms(names);
  }

  /** Requires as many key-value heads as query heads, as llama.cpp assumes. */
  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    if (facts.decoder().kvHeads() != facts.decoder().heads()) {
      throw refused(facts, "num_key_value_heads", "num_attention_heads");
    }
  }

  @Override
  int window(Facts facts) {
    ConfigReader fields = facts.fields();
    int window = fields.isNull("sliding_window") ? 0 : fields.positiveInt("sliding_window", 4096);
    List<String> types = fields.texts("layer_types");
    boolean slides =
        types.isEmpty()
            ? facts.decoder().layers() > fields.positiveInt("max_window_layers", 62)
            : types.contains("sliding_attention");
    return slides ? window : 0;
  }
}
