package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.gguf.format.GgufMetadata;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands beside an exported model, under every fault at every call. */
class ModelfileUnderFaultsTest {

  @TempDir private Path checkpoint;

  @Test
  void aModelfile() throws Exception {
    int faults =
        FaultCheck.of("Modelfile")
            .before(folder -> Files.writeString(folder.resolve(Modelfile.FILE), "old"))
            .writing(
                folder ->
                    Modelfile.standard()
                        .system("new")
                        .write(
                            folder.resolve("m.gguf"),
                            GgufMetadata.builder().build(),
                            Optional.empty(),
                            checkpoint))
            .reading(folder -> Files.readString(folder.resolve(Modelfile.FILE)))
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
