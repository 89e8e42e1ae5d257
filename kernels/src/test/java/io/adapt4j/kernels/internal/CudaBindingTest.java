package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way through org.bytedeco's bindings to the driver and NVRTC, with libraries below them that
 * run the kernels on the CPU.
 */
class CudaBindingTest {

  @TempDir private Path folder;

  @Test
  void kernelsAreCompiledCachedLoadedAndLaunchedThroughTheBindings() throws Exception {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "the bindings in the tests are those of Linux on x86-64");
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "the bindings are not run: " + absence.get());
    HostDevice.compileDriver(folder);
    Path cache = folder.resolve("cache");

    assertThat(
            JavaProgram.run(
                CudaBindingProgram.class,
                List.of("-Dadapt4j.cuda.cache=" + cache),
                Map.of("LD_LIBRARY_PATH", folder.toString())))
        .contains(
            "device: Host 8.6",
            "quantized: true",
            "restored: true",
            "multiplied: true",
            "memory: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2, out of memory): asked for"
                + " 1099511627776 bytes, of 1073741824 bytes 1073741824 are free. Free memory on"
                + " the device, or load a smaller model.");
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files.map(CudaBindingTest::afterDigest))
          .containsExactlyInAnyOrder(
              image("quantize"), image("dequantize"), image("plain"), image("tensor"));
    }
  }

  private static String image(String file) {
    return file + ".cu --std=c++17 --gpu-architecture=sm_86\0";
  }

  private static String afterDigest(Path file) {
    try {
      String all = Files.readString(file, StandardCharsets.ISO_8859_1);
      return all.substring(32);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
