package io.adapt4j.kernels.internal.cuda;

import java.util.List;

/**
 * What kernels are compiled for: a binary for one architecture, or PTX, which the driver finishes
 * for any architecture from that on.
 */
record Target(int architecture, boolean binary) {

  /** The compiler's options. */
  List<String> options() {
    return List.of(
        "--std=c++17", "--gpu-architecture=" + (binary ? "sm_" : "compute_") + architecture);
  }
}
