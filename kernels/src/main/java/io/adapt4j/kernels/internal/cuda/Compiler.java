package io.adapt4j.kernels.internal.cuda;

import java.util.List;

/** In-memory compiler for CUDA C++: NVRTC. */
interface Compiler {

  /** Returns the compiler's version. */
  String version();

  /** Returns the supported architectures as numbers: 80 for 8.0. */
  List<Integer> architectures();

  /**
   * Returns the best target for a device: its own binary or, for a device newer than the compiler,
   * PTX for the newest earlier architecture.
   */
  default Target target(Capability capability) {
    int wanted = capability.number();
    if (architectures().contains(wanted)) {
      return new Target(wanted, true);
    }
    int newest =
        architectures().stream()
            .mapToInt(Integer::intValue)
            .filter(known -> known <= wanted)
            .max()
            .orElseThrow(
                () ->
                    new CudaException(
                        "NVRTC %s compiles for %s only, the device is of %s. Install an older NVRTC."
                            .formatted(version(), architectures(), capability)));
    return new Target(newest, false);
  }

  /** Compiles a source without includes. */
  byte[] compile(String name, String source, Target target);
}
