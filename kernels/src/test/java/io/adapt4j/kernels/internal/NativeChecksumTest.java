package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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

  /** That of Debian 12, Ubuntu 22.04 and Red Hat 9, on whatever it is built. */
  @Test
  void theLibraryNeedsNoNewerGlibcThan2_34() throws IOException {
    try (InputStream library = FourBitWeight.class.getResourceAsStream(LIBRARY)) {
      assumeTrue(library != null, "no library: no C++ compiler");
      String text = new String(library.readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(Pattern.compile("GLIBC_2\\.(\\d+)").matcher(text).results())
          .allSatisfy(
              found -> assertThat(Integer.parseInt(found.group(1))).isLessThanOrEqualTo(34));
    }
  }

  @Test
  void aLibraryOfAnotherBuildInTheCacheIsReplaced() throws IOException {
    Path file = Files.writeString(folder.resolve("library.txt"), "library\n");
    URL resource = inJar(file);
    Path unpacked = Loader.cacheResource(resource).toPath();
    FileTime date = Files.getLastModifiedTime(unpacked);
    Files.delete(unpacked);
    Files.writeString(unpacked, "another\n");
    Files.setLastModifiedTime(unpacked, date);
    assertThat(Loader.cacheResource(resource)).hasContent("another\n");

    assertThat(NativeChecksum.problemInCache(resource, FileDigest.sha256(file))).isEmpty();
    assertThat(unpacked).hasContent("library\n");
  }

  private URL inJar(Path file) throws IOException {
    Path jar = folder.resolve("library.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("library.txt"));
      Files.copy(file, out);
    }
    return URI.create("jar:" + jar.toUri() + "!/library.txt").toURL();
  }

  @Test
  void aLibraryInAFolderOfTheClassPathNeedsNoCache() throws IOException {
    String resource = "checksum/library.txt";
    Path copy = Loader.cacheResource(NativeChecksumTest.class, resource).toPath();
    Files.delete(copy);
    assertThat(NativeChecksum.problem(NativeChecksumTest.class, resource)).isEmpty();
    assertThat(copy).doesNotExist();
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
