package io.adapt4j.kernels.internal;

import java.nio.file.Path;

/** cuBLAS of any CUDA, and copies on the device, beside which the kit measures. */
final class KitNatives {

  private KitNatives() {}

  static void load(Path library) {
    System.load(library.toAbsolutePath().toString());
  }

  /** Opens cuBLAS in the current context; returns why it cannot be used, empty for success. */
  static native String openBlas(String name);

  static native int blasVersion();

  /** y [n, outputs] = x [n, inputs] w' in bf16; returns cuBLAS's status. */
  static native int multiply(long x, long w, long y, int n, int outputs, int inputs);

  /** Copies on the device; returns the driver's status. */
  static native int copy(long target, long source, long bytes);
}
