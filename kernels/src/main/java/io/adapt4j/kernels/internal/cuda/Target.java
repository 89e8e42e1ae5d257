package io.adapt4j.kernels.internal.cuda;

import java.util.List;

/**
 * Compilation target: a binary for one architecture, or PTX, which the driver compiles for that
 * architecture or any later one.
 */
record Target(int architecture, boolean binary) {

  /** Returns the compiler's options. */
  List<String> options() {
    return List.of(
        "--std=c++17", "--gpu-architecture=" + (binary ? "sm_" : "compute_") + architecture);
  }
}
