package io.adapt4j.qlora;

import io.adapt4j.core.method.WeightFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * What of a checkpoint is quantized, and how. Immutable.
 *
 * @param quantization format, block size and double quantization; {@link Quantization#nf4} unless
 *     set
 * @param skipped modules that keep their type beside embeddings, norms and the output layer: whole
 *     paths such as {@code model.layers.0.mlp.down_proj}, ends of paths such as {@code down_proj},
 *     or beginnings such as {@code model.layers.0}; none unless set
 */
public record QuantizeOptions(Quantization quantization, Set<String> skipped)
    implements WeightFormat {

  /**
   * Makes options.
   *
   * @param quantization format, block size and double quantization
   * @param skipped modules that keep their type
   */
  public QuantizeOptions {
    Objects.requireNonNull(quantization, "quantization");
    skipped = Set.copyOf(skipped);
  }

  /**
   * Quantizes all linear layers but the output layer.
   *
   * @param quantization format, block size and double quantization
   * @return the options
   */
  public static QuantizeOptions of(Quantization quantization) {
    return new QuantizeOptions(quantization, Set.of());
  }

  /**
   * Returns these options with more modules left out.
   *
   * @param modules paths, or their ends or beginnings
   * @return new options
   */
  public QuantizeOptions skip(String... modules) {
    Set<String> all = new LinkedHashSet<>(skipped);
    all.addAll(List.of(modules));
    return new QuantizeOptions(quantization, all);
  }

  @Override
  public String description() {
    return quantization.description() + (skipped.isEmpty() ? "" : " but for " + sorted());
  }

  private Set<String> sorted() {
    return new TreeSet<>(skipped);
  }

  SkippedModules modules() {
    return new SkippedModules(skipped);
  }
}
