package io.adapt4j.qlora.internal.cuda;

import java.util.List;

/**
 * What kernels are compiled for: a binary for one architecture, or PTX, which the driver finishes
 * for any architecture from that on.
 *
 * @param architecture 80 for 8.0
 * @param binary whether a binary
 */
record Target(int architecture, boolean binary) {

  /**
   * The best that a compiler can make for a device: its own binary; else, where the device is newer
   * than the compiler, PTX for the newest architecture before it.
   *
   * @throws CudaException if the compiler knows only newer architectures
   */
  static Target of(Capability capability, Compiler compiler) {
    int wanted = capability.number();
    if (compiler.architectures().contains(wanted)) {
      return new Target(wanted, true);
    }
    int newest =
        compiler.architectures().stream()
            .mapToInt(Integer::intValue)
            .filter(known -> known <= wanted)
            .max()
            .orElseThrow(
                () ->
                    new CudaException(
                        "NVRTC %s compiles for %s only, the device is of %s. Install an older NVRTC."
                            .formatted(compiler.version(), compiler.architectures(), capability)));
    return new Target(newest, false);
  }

  /** The compiler's options. */
  List<String> options() {
    return List.of(
        "--std=c++17", "--gpu-architecture=" + (binary ? "sm_" : "compute_") + architecture);
  }
}
