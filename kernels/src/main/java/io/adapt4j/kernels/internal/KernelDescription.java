package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.host.Processor;
import java.util.ArrayList;
import java.util.List;

/** Description of the C++ kernels of this process, for people. */
final class KernelDescription {

  /** Linux's names of instruction sets for matrices and vectors that no kernel uses. */
  private static final List<String> UNUSED =
      List.of("avx512_fp16", "amx_int8", "amx_fp16", "sve", "sve2", "sme", "sme2");

  private KernelDescription() {}

  static String ofProcess() {
    List<String> off = new ArrayList<>();
    for (String property : List.of(CpuLayerKernels.PROPERTY, CpuStepKernels.PROPERTY)) {
      if ("off".equals(System.getProperty(property))) {
        off.add(property);
      }
    }
    return of(
        CpuLibrary.get(), System.getProperty(CpuVariant.PROPERTY, ""), off, Processor.features());
  }

  static String of(CpuLibrary library, String forced, List<String> off, List<String> features) {
    if (!library.isPresent()) {
      return "none: " + library.absence();
    }
    String best = library.best().propertyName();
    StringBuilder text = new StringBuilder("C++, " + (forced.isEmpty() ? best : forced));
    if (!forced.isEmpty() && !forced.equals(best)) {
      text.append(", as %s says; the processor has %s".formatted(CpuVariant.PROPERTY, best));
    }
    List<String> unused = UNUSED.stream().filter(features::contains).toList();
    if (!unused.isEmpty()) {
      text.append("; the processor's ")
          .append(String.join(", ", unused))
          .append(unused.size() == 1 ? " is not used" : " are not used");
    }
    off.forEach(property -> text.append("; ").append(property).append("=off"));
    return text.toString();
  }
}
