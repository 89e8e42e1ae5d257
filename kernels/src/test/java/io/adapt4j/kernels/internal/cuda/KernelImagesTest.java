package io.adapt4j.kernels.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How a device gets its kernels. */
class KernelImagesTest {

  private static final Capability CAPABILITY = new Capability(8, 6);

  @TempDir private Path folder;
  private final FakeCompiler compiler = new FakeCompiler();

  private KernelImages images(Capability capability, int driverVersion) {
    return new KernelImages(
        capability,
        driverVersion,
        new KernelCache(folder),
        () -> KernelImages.Found.of(compiler),
        name -> Optional.empty());
  }

  private static byte[] only(KernelImages images, KernelFile file) {
    List<byte[]> all = images.images(file);
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private Path onlyFile() throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  @Test
  void theSecondTimeNothingIsCompiled() {
    byte[] first = only(images(CAPABILITY, 12090), KernelFile.PLAIN);
    byte[] second = only(images(CAPABILITY, 12090), KernelFile.PLAIN);
    assertThat(second).isEqualTo(first);
    assertThat(compiler.compiled)
        .containsExactly("plain.cu [--std=c++17, --gpu-architecture=sm_86]");
  }

  @Test
  void anotherDriverDeviceCompilerOrSourceIsCompiledAnew() {
    only(images(CAPABILITY, 12090), KernelFile.PLAIN);
    only(images(CAPABILITY, 12080), KernelFile.PLAIN);
    only(images(new Capability(9, 0), 12090), KernelFile.PLAIN);
    only(images(CAPABILITY, 12090), KernelFile.TENSOR);
    compiler.version = "12.8";
    only(images(CAPABILITY, 12090), KernelFile.PLAIN);
    assertThat(compiler.compiled).hasSize(5);
  }

  @Test
  void partsOfAKeyDoNotRunIntoEachOther() {
    assertThat(KernelCache.key("a", "bc")).isNotEqualTo(KernelCache.key("ab", "c"));
    assertThat(KernelCache.key("a", "bc")).hasSize(64).isEqualTo(KernelCache.key("a", "bc"));
  }

  @Test
  void aDamagedFileIsCompiledAgainAndReplaced() throws Exception {
    byte[] image = only(images(CAPABILITY, 12090), KernelFile.PLAIN);
    byte[] whole = Files.readAllBytes(onlyFile());
    for (byte[] damaged :
        List.of(new byte[0], new byte[32], Arrays.copyOf(whole, whole.length - 1))) {
      Files.write(onlyFile(), damaged);
      int before = compiler.compiled.size();
      assertThat(only(images(CAPABILITY, 12090), KernelFile.PLAIN)).isEqualTo(image);
      assertThat(compiler.compiled).hasSize(before + 1);
      assertThat(Files.readAllBytes(onlyFile())).isEqualTo(whole);
    }
  }

  @Test
  void aFolderThatCannotBeWrittenCostsOnlyTime() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    KernelImages images =
        new KernelImages(
            CAPABILITY,
            12090,
            new KernelCache(file.resolve("below")),
            () -> KernelImages.Found.of(compiler),
            name -> Optional.empty());
    assertThat(only(images, KernelFile.PLAIN)).isNotEmpty();
  }

  @Test
  void aDeviceNewerThanTheCompilerGetsPtxOfTheNewestArchitectureBeforeIt() {
    only(images(new Capability(12, 0), 12090), KernelFile.PLAIN);
    assertThat(compiler.compiled)
        .containsExactly("plain.cu [--std=c++17, --gpu-architecture=compute_90]");
  }

  @Test
  void aDeviceOlderThanAllTheCompilerKnowsIsAReason() {
    compiler.architectures = List.of(80, 90);
    assertThatThrownBy(() -> only(images(new Capability(7, 5), 12090), KernelFile.PLAIN))
        .isInstanceOf(CudaException.class)
        .hasMessage(
            "NVRTC 12.9 compiles for [80, 90] only, the device is of 7.5. Install an older NVRTC.");
  }

  @Test
  void withoutACompilerThePackedPtxIsUsedEndedByAZero() {
    KernelImages images =
        new KernelImages(
            CAPABILITY,
            12090,
            new KernelCache(folder),
            () -> KernelImages.Found.none("NVRTC could not be loaded (gone)"),
            name ->
                name.equals("plain.ptx")
                    ? Optional.of("ptx".getBytes(StandardCharsets.US_ASCII))
                    : Optional.empty());
    assertThat(only(images, KernelFile.PLAIN)).containsExactly('p', 't', 'x', 0);
    assertThatThrownBy(() -> only(images, KernelFile.TENSOR))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("NVRTC could not be loaded (gone), and this build")
        .hasMessageContaining("no tensor.ptx")
        .hasMessageContaining("-Pptx");
  }

  @Test
  void binariesOfTheSameGenerationComeBeforePtx() {
    KernelImages images =
        new KernelImages(
            CAPABILITY,
            12090,
            new KernelCache(folder),
            () -> KernelImages.Found.none("no NVRTC"),
            name ->
                List.of("plain.sm_80.cubin", "plain.sm_86.cubin", "plain.sm_90.cubin", "plain.ptx")
                        .contains(name)
                    ? Optional.of(name.getBytes(StandardCharsets.US_ASCII))
                    : Optional.empty());
    assertThat(images.images(KernelFile.PLAIN))
        .extracting(image -> new String(image, StandardCharsets.US_ASCII))
        .containsExactly("plain.sm_86.cubin", "plain.sm_80.cubin", "plain.ptx\0");
  }

  @ParameterizedTest
  @EnumSource(KernelFile.class)
  void aSourceIsOneTextWithoutIncludes(KernelFile file) {
    String source = file.source();
    assertThat(source).doesNotContain("#include").contains("#ifndef ADAPT4J_DEVICE");
    assertThat(source.split("#define ADAPT4J_FOURBIT", -1)).hasSize(2);
  }
}
