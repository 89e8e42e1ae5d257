package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import java.util.List;
import java.util.Optional;

/** Runs decoding steps with the kernels in C++. */
public final class CpuStepKernels implements StepKernels {

  /** {@code off} has steps run operator by operator. */
  static final String PROPERTY = "adapt4j.kernels.steps";

  /** Most tokens of a step: for more, libtorch's products are as fast. */
  private static final int MAX_TOKENS = 32;

  /** Made by {@link java.util.ServiceLoader}. */
  public CpuStepKernels() {}

  @Override
  public Optional<DecoderSteps> prepare(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters) {
    if (maxTokens > MAX_TOKENS
        || "off".equals(System.getProperty(PROPERTY))
        || !CpuLibrary.get().isPresent()
        || !decoder.head().weight().value().isOnHost()) {
      return Optional.empty();
    }
    return StepCompiler.compile(decoder, rows, maxTokens, CpuKernels.open().variant(), adapters)
        .map(DecoderSteps.class::cast);
  }
}
