package io.adapt4j.core.model;

import io.adapt4j.core.config.DecoderConfig;
import io.adapt4j.core.config.ModelConfig;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Phi-3 and Phi-4 mini (Abdin et al. 2024): Llama with one matrix for query, key and value and one
 * for gate and up, an optional sliding window, and longrope in its long variants.
 */
final class Phi3 implements Architecture {

  private static final DecoderConfig.Defaults DEFAULTS =
      new DecoderConfig.Defaults(4096, 1e-5, "silu", false, 10_000, OptionalInt.empty());

  @Override
  public Set<String> modelTypes() {
    return Set.of("phi3");
  }

  @Override
  public Set<String> features() {
    return Set.of("sliding_window");
  }

  @Override
  public Network declare(ModelConfig model) {
    int window = SlidingWindow.size(model, 0);
    return new LlamaLike(model, DecoderConfig.from(model, DEFAULTS))
        .fusedProjections()
        .window(layer -> window)
        .declare();
  }
}
