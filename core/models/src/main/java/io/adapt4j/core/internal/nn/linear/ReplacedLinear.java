package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Base of quantized layers in place of a declared one: its projections, widths and bias. */
public abstract class ReplacedLinear implements QuantizedLinear {

  private final List<Part> parts;
  private final long in;
  private final long out;
  private final @Nullable Parameter bias;

  /** Replaces a plain layer that is not allocated. */
  protected ReplacedLinear(DenseLinear declared) {
    this.parts = declared.parts();
    this.in = declared.inFeatures();
    this.out = declared.outFeatures();
    this.bias = declared.bias().orElse(null);
  }

  @Override
  public final List<Part> parts() {
    return parts;
  }

  @Override
  public final long inFeatures() {
    return in;
  }

  @Override
  public final long outFeatures() {
    return out;
  }

  @Override
  public final Optional<Parameter> bias() {
    return Optional.ofNullable(bias);
  }

  @Override
  public List<Parameter> parameters() {
    return bias().stream().toList();
  }
}
