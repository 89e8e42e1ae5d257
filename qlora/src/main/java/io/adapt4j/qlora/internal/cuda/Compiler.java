package io.adapt4j.qlora.internal.cuda;

import java.util.List;

/** Compiles CUDA C++ in memory: NVRTC. */
interface Compiler {

  /** What tells one version from another. */
  String version();

  /** The architectures it knows, as numbers: 80 for 8.0. */
  List<Integer> architectures();

  /**
   * Compiles a source without includes.
   *
   * @param name what messages call it
   * @param source the text
   * @param target what for
   * @return a binary or PTX that ends with a zero byte, as the target says
   * @throws CudaException if the source does not compile, with the compiler's log
   */
  byte[] compile(String name, String source, Target target);
}
