package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.List;
import java.util.Optional;

/** Runs decoding steps with the C++ kernels. */
public final class CpuStepKernels implements StepKernels {

  /** System property; {@code off} runs steps operator by operator. */
  static final String PROPERTY = "adapt4j.kernels.steps";

  /** Maximum number of rows; for more, libtorch's products are as fast. */
  private static final int MAX_ROWS = 32;

  /** Maximum number of tokens of a step. */
  private static final int MAX_TOKENS = 256;

  /** Called by {@link java.util.ServiceLoader}. */
  public CpuStepKernels() {}

  @Override
  public Optional<DecoderSteps> prepare(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters) {
    if (rows > MAX_ROWS
        || maxTokens > MAX_TOKENS
        || "off".equals(System.getProperty(PROPERTY))
        || !CpuLibrary.get().isPresent()
        || !decoder.head().weight().value().isOnHost()) {
      return Optional.empty();
    }
    return StepCompiler.compile(decoder, rows, maxTokens, CpuKernels.open().variant(), adapters)
        .map(DecoderSteps.class::cast);
  }
}
