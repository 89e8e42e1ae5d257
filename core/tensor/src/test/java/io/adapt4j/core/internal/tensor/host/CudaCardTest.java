package io.adapt4j.core.internal.tensor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.TensorDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the driver tells of its first device, from a library that stands in for it. */
class CudaCardTest {

  private static final String DRIVER =
      """
      #include <stdio.h>
      int cuInit(unsigned flags) { return flags == 0 ? STATUS : 1; }
      int cuDeviceGet(int* device, int ordinal) { *device = 7; return ordinal; }
      int cuDeviceGetName(char* name, int length, int device) {
        snprintf(name, length, "Card %d", device);
        return 0;
      }
      int cuDeviceGetAttribute(int* value, int attribute, int device) {
        *value = attribute == 75 ? 7 : attribute == 76 ? 5 : -1;
        return device == 7 ? 0 : 1;
      }
      int cuDeviceTotalMem_v2(size_t* bytes, int device) {
        *bytes = 16000000000;
        return device == 7 ? 0 : 1;
      }
      """;

  @TempDir private Path folder;

  /** The path of a library whose cuInit returns a status. */
  private String driver(int status) throws Exception {
    Path source = Files.writeString(folder.resolve("driver.c"), DRIVER);
    Path library = folder.resolve("driver" + status + ".so");
    try {
      Process compiler =
          new ProcessBuilder(
                  List.of(
                      "gcc",
                      "-shared",
                      "-fPIC",
                      "-DSTATUS=" + status,
                      "-o",
                      library.toString(),
                      source.toString()))
              .redirectErrorStream(true)
              .start();
      String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(compiler.waitFor()).as(output).isZero();
    } catch (IOException e) {
      assumeTrue(false, "no driver is made here: " + e.getMessage());
    }
    return library.toString();
  }

  @Test
  void theFirstDeviceIsDescribed() throws Exception {
    assertThat(CudaCard.read(driver(0))).contains(new CudaCard("Card 7", 7, 5, 16_000_000_000L));
  }

  @Test
  void withoutADriverOrADeviceThereIsNone() throws Exception {
    assertThat(CudaCard.read(folder.resolve("none.so").toString())).isEmpty();
    assertThat(CudaCard.read(driver(100))).isEmpty();
  }

  @Test
  void bf16IsMultipliedFromCapability8On() {
    assertThat(multiplies(Optional.of(new CudaCard("T4", 7, 5, 1)))).isFalse();
    assertThat(multiplies(Optional.of(new CudaCard("A100", 8, 0, 1)))).isTrue();
    assertThat(multiplies(Optional.of(new CudaCard("B200", 10, 0, 1)))).isTrue();
    assertThat(multiplies(Optional.empty())).isFalse();
  }

  private static boolean multiplies(Optional<CudaCard> card) {
    return Engine.multipliesBf16(TensorDevice.CUDA, card);
  }
}
