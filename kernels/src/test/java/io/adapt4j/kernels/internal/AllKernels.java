package io.adapt4j.kernels.internal;

import java.util.ArrayList;
import java.util.List;

/** Every implementation that runs on this machine without a GPU. */
public final class AllKernels {

  private AllKernels() {}

  /** Java, and every variant in C++. */
  public static List<FourBitKernels> present() {
    List<FourBitKernels> all = new ArrayList<>(List.of(JavaKernels.INSTANCE));
    if (CpuLibrary.get().isPresent()) {
      CpuKernelsTest.variants().map(CpuKernels::of).forEach(all::add);
    }
    return all;
  }
}
