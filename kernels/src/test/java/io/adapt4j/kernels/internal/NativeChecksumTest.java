package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeChecksumTest {

  private static final String LIBRARY =
      Loader.getPlatform() + "/" + System.mapLibraryName("jniAdapt4jKernels");

  @TempDir private Path folder;

  @Test
  void theBuildRecordsWhatItBuilds() throws IOException {
    assumeTrue(FourBitWeight.class.getResource(LIBRARY) != null, "no library: no C++ compiler");
    assertThat(FourBitWeight.class.getResource(LIBRARY + ".sha256")).isNotNull();
    assertThat(NativeChecksum.problem(FourBitWeight.class, LIBRARY)).isEmpty();
  }

  @Test
  void anotherLibraryOfThatNameIsNotLoaded() throws IOException {
    Path library = Files.writeString(folder.resolve("library"), "ours");
    String recorded = FileDigest.sha256(library);
    assertThat(NativeChecksum.problem(library, recorded)).isEmpty();
    Files.writeString(library, "evil");
    assertThat(NativeChecksum.problem(library, recorded).orElseThrow())
        .contains(library.toString(), recorded, FileDigest.sha256(library), "Delete it");
  }
}
