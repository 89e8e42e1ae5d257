package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.kernels.internal.Int8Matrix;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;

/** Without the library everything works, more slowly, so nothing else would tell. */
class LibraryTest {

  @Test
  void theKernelsInCppAreLoadedWhereTheBuildMadeThem() {
    String library = Loader.getPlatform() + "/" + System.mapLibraryName("jniAdapt4jKernels");
    assumeTrue(FourBitWeight.class.getResource(library) != null, "no library: no C++ compiler");
    assertThatCode(Int8Matrix::requireLibrary).doesNotThrowAnyException();
  }
}
