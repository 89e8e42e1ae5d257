package io.adapt4j.gguf.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** GGUF files under every fault at every call. */
class GgufUnderFaultsTest {

  private static void write(Path file, String name) {
    GgufWriter.write(
        file,
        GgufMetadata.builder().string("general.name", name).build(),
        List.of(
            BytesSource.counting("a", TensorType.F16, 3L, 1L),
            BytesSource.counting("b", TensorType.F32, 8L)));
  }

  private static String read(Path file) {
    if (!Files.exists(file)) {
      return "none";
    }
    try (GgufFile found = GgufFile.open(file)) {
      return found.metadata().string("general.name").orElseThrow();
    }
  }

  @Test
  void aFileInThePlaceOfAnother() throws Exception {
    int faults =
        FaultCheck.of("GGUF file")
            .before(folder -> write(folder.resolve("m.gguf"), "old"))
            .writing(folder -> write(folder.resolve("m.gguf"), "new"))
            .reading(folder -> read(folder.resolve("m.gguf")))
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void aFileInANewFolder() throws Exception {
    int faults =
        FaultCheck.of("GGUF file in new folders")
            .writing(folder -> write(folder.resolve("x/y/m.gguf"), "new"))
            .reading(folder -> read(folder.resolve("x/y/m.gguf")))
            .keeping("x|x/y")
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
