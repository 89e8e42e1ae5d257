package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
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
  void aLibraryOfAnotherBuildInTheCacheIsReplaced() throws IOException {
    String resource = "checksum/library.txt";
    Path unpacked = Loader.cacheResource(NativeChecksumTest.class, resource).toPath();
    FileTime date = Files.getLastModifiedTime(unpacked);
    Files.delete(unpacked);
    Files.writeString(unpacked, "another\n");
    Files.setLastModifiedTime(unpacked, date);
    assertThat(Loader.cacheResource(NativeChecksumTest.class, resource)).hasContent("another\n");

    assertThat(NativeChecksum.problem(NativeChecksumTest.class, resource)).isEmpty();
    assertThat(unpacked).hasContent("library\n");
  }

  @Test
  void aLibraryThatIsNotTheRecordedOneIsNotLoaded() throws IOException {
    assertThat(
            NativeChecksum.problem(NativeChecksumTest.class, "checksum/damaged.txt").orElseThrow())
        .contains("damaged.txt", "SHA-256");
  }

  @Test
  void aLibraryOfOtherSourcesIsNotLoaded() throws IOException {
    Class<?> owner = NativeChecksumTest.class;
    assertThat(NativeChecksum.problem(owner, "checksum/own/same.txt")).isEmpty();
    assertThat(NativeChecksum.problem(owner, "checksum/own/other.txt").orElseThrow())
        .contains("checksum/own/other.txt is of another build", "one version");
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
