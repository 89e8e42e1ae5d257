package io.adapt4j.core.internal.tensor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class HostAllocatorTest {

  private static final int BLOCKS = 800;
  private static final long VALUES = 25_000;
  private static final long BYTES = VALUES * Float.BYTES;

  private static long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Blocks below 128 KiB come from the heap, and each second one stays. */
  @Test
  void freeBlocksBetweenOthersGoBackToTheSystem() throws Exception {
    assumeTrue(
        EngineInfo.allocator().contains("malloc_trim"), () -> "left to the user's own settings");
    List<Tensor> kept = new ArrayList<>();
    List<Tensor> dropped = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      (i % 2 == 0 ? kept : dropped).add(Tensor.zeros(DType.F32, VALUES));
    }
    dropped.forEach(Tensor::close);
    long before = resident();
    Thread.sleep(150);
    Torch.giveBackMemory();
    assertThat(before - resident()).isGreaterThan(BLOCKS / 2 * BYTES * 3 / 4);
    assertThat(kept.get(0).toFloats()).containsOnly(0f);
    kept.forEach(Tensor::close);
  }
}
