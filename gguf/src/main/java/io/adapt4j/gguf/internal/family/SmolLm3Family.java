package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import java.util.List;
import java.util.OptionalInt;

/** SmolLM3: Llama in which every fourth layer has no rotary positions. */
final class SmolLm3Family extends LlamaLikeFamily {

  /** Period of layers without rotary positions, which llama.cpp hardcodes. */
  private static final int STEP = 4;

  @Override
  public String architecture() {
    return "smollm3";
  }

  @Override
  public String modelType() {
    return "smollm3";
  }

  @Override
  public String modelClass() {
    return "SmolLM3ForCausalLM";
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }

  @Override
  DecoderConfig.Defaults defaults() {
    return new DecoderConfig.Defaults(32_768, 1e-6, "silu", true, 2_000_000, OptionalInt.empty());
  }

  @Override
  boolean pairsRotaryRows() {
    return true;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    return vocabularyAndRotaryDim();
  }

  @Override
  int window(Facts facts) {
    return facts.fields().bool("use_sliding_window", false)
        ? facts.fields().positiveInt("sliding_window", 4096)
        : 0;
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    List<Integer> rotated = facts.fields().integers("no_rope_layers");
    for (int layer = 0; layer < rotated.size() && layer < facts.decoder().layers(); layer++) {
      boolean fixed = (layer + 1) % STEP != 0;
      if ((rotated.get(layer) != 0) != fixed) {
        throw refused(facts, "no_rope_layers", "0 at every " + STEP + "th layer only");
      }
    }
    int interval = facts.fields().positiveInt("no_rope_layer_interval", STEP);
    if (rotated.isEmpty()
        && interval != STEP
        && facts.decoder().layers() >= Math.min(interval, STEP)) {
      throw refused(facts, "no_rope_layer_interval", String.valueOf(STEP));
    }
  }
}
