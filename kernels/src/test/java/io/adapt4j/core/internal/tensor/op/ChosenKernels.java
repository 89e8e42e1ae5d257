package io.adapt4j.core.internal.tensor.op;

import java.util.Optional;

/** While open, core runs given kernels for layers, or none. */
public final class ChosenKernels implements AutoCloseable {

  private final Optional<HostKernels> before = HostKernels.installed();

  /**
   * Has kernels run.
   *
   * @param kernels none has everything run by operators
   */
  public ChosenKernels(Optional<HostKernels> kernels) {
    HostKernels.Installed.replace(kernels);
  }

  @Override
  public void close() {
    HostKernels.Installed.replace(before);
  }
}
