package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  /** The kernels for layers in every variant in C++ that runs here, by name. */
  public static Map<String, HostKernels> ofLayers() {
    Map<String, HostKernels> all = new LinkedHashMap<>();
    if (CpuLibrary.get().isPresent()) {
      CpuKernelsTest.variants()
          .forEach(variant -> all.put(variant.name(), new CpuLayerKernels(variant)));
    }
    return all;
  }
}
