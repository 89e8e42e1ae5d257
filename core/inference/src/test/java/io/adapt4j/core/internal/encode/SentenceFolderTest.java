package io.adapt4j.core.internal.encode;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SentenceFolderTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"../other", "a/../../other", "/etc", "a\\u0000"})
  void aModuleLiesInTheModelsFolder(String path) throws IOException {
    Files.writeString(
        folder.resolve("modules.json"),
        "[{\"type\": \"sentence_transformers.models.Transformer\", \"path\": \"%s\"}]"
            .formatted(path));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> SentenceFolder.read(folder))
        .withMessageContaining("modules.json: expected paths inside the model's folder");
  }
}
