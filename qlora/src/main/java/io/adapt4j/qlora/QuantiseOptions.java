package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Packing;
import io.adapt4j.core.internal.nn.WeightFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * What of a checkpoint is quantised, and how. Immutable.
 *
 * @param quantization format, block size and double quantisation; {@link Quantization#nf4} unless
 *     set
 * @param skipped modules that keep their type beside embeddings, norms and the output layer: whole
 *     paths such as {@code model.layers.0.mlp.down_proj}, ends of paths such as {@code down_proj},
 *     or beginnings such as {@code model.layers.0}; none unless set
 */
public record QuantiseOptions(Quantization quantization, Set<String> skipped)
    implements WeightFormat {

  /**
   * Makes options.
   *
   * @param quantization format, block size and double quantisation
   * @param skipped modules that keep their type
   */
  public QuantiseOptions {
    Objects.requireNonNull(quantization, "quantization");
    skipped = Set.copyOf(skipped);
  }

  /**
   * Quantises all linear layers but the output layer.
   *
   * @param quantization format, block size and double quantisation
   * @return the options
   */
  public static QuantiseOptions of(Quantization quantization) {
    return new QuantiseOptions(quantization, Set.of());
  }

  /**
   * Returns these options with more modules left out.
   *
   * @param modules paths, or their ends or beginnings
   * @return new options
   */
  public QuantiseOptions skip(String... modules) {
    Set<String> all = new LinkedHashSet<>(skipped);
    all.addAll(List.of(modules));
    return new QuantiseOptions(quantization, all);
  }

  @Override
  public String description() {
    return quantization.description() + (skipped.isEmpty() ? "" : " but for " + sorted());
  }

  private Set<String> sorted() {
    return new TreeSet<>(skipped);
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources.install(quantization.format(), modules(), declared, checkpoint);
  }

  @Override
  public Packing packing() {
    return FourBitSizes.packing(quantization.format(), modules());
  }

  private SkippedModules modules() {
    return new SkippedModules(skipped);
  }
}
