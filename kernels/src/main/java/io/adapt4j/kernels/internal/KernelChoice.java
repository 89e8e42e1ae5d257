package io.adapt4j.kernels.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Selects the implementation of 4-bit kernels: the first one available, or the one that the system
 * property {@value #PROPERTY} names. Selected once per process and logged.
 */
public final class KernelChoice {

  static final String PROPERTY = "adapt4j.qlora.kernels";

  /** An implementation. */
  record Candidate(String name, Supplier<FourBitKernels> open) {}

  /** All implementations, in order of preference; the last one is always available. */
  private static final List<Candidate> CANDIDATES =
      List.of(
          new Candidate(CudaKernels.NAME, KernelChoice::cuda),
          new Candidate("cpu", CpuKernels::open),
          new Candidate("java", () -> JavaKernels.INSTANCE));

  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);

  private static FourBitKernels chosen;

  private KernelChoice() {}

  /** Returns the CUDA kernels if tensors are on the GPU, or if they are requested by name. */
  private static FourBitKernels cuda() {
    return CudaKernels.NAME.equals(System.getProperty(PROPERTY))
        ? CudaKernels.open()
        : CudaKernels.openForTensors();
  }

  /** Returns the implementation of this process. */
  public static synchronized FourBitKernels kernels() {
    if (chosen == null) {
      Choice choice = choose(System.getProperty(PROPERTY, ""), CANDIDATES);
      LOG.info("{}", choice.message());
      chosen = choice.kernels();
    }
    return chosen;
  }

  /** The selected kernels and the message to log. */
  record Choice(FourBitKernels kernels, String message) {}

  static Choice choose(String forced, List<Candidate> candidates) {
    return forced.isEmpty() ? first(candidates) : named(forced, candidates);
  }

  private static Choice first(List<Candidate> candidates) {
    List<String> absent = new ArrayList<>();
    for (Candidate candidate : candidates) {
      try {
        FourBitKernels kernels = candidate.open().get();
        String others = absent.isEmpty() ? "" : "; not used: " + String.join("; ", absent);
        return new Choice(kernels, "4-bit kernels: " + kernels.name() + others);
      } catch (RuntimeException | LinkageError e) {
        absent.add(candidate.name() + " (" + reason(e) + ")");
      }
    }
    throw new IllegalStateException("No 4-bit kernels: " + String.join("; ", absent));
  }

  private static Choice named(String forced, List<Candidate> candidates) {
    for (Candidate candidate : candidates) {
      if (candidate.name().equals(forced)) {
        return new Choice(
            open(candidate), "4-bit kernels: " + forced + ", as " + PROPERTY + " says");
      }
    }
    throw new IllegalArgumentException(
        "%s: expected one of %s, found '%s'"
            .formatted(PROPERTY, candidates.stream().map(Candidate::name).toList(), forced));
  }

  private static FourBitKernels open(Candidate candidate) {
    try {
      return candidate.open().get();
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException(
          "%s: the %s kernels are not present: %s. Leave the property out to use others."
              .formatted(PROPERTY, candidate.name(), reason(e)),
          e);
    }
  }

  /** Returns the reason of a failure; a class that failed to load has it in its cause. */
  private static String reason(Throwable failure) {
    Throwable known = failure;
    while (known.getMessage() == null && known.getCause() != null) {
      known = known.getCause();
    }
    return known.getMessage() == null ? known.getClass().getSimpleName() : known.getMessage();
  }
}
