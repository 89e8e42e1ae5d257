package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are a file, where no module reads such files. */
class SingleFileModelsTest {

  @TempDir private Path temporary;

  @Test
  void theModuleThatReadsAFileIsNamed() throws IOException {
    Path file = Files.writeString(temporary.resolve("model.gguf"), "GGUF");
    assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(file)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("Add the module adapt4j-gguf");
  }

  @Test
  void aFileOfAnotherKindIsNoModel() throws IOException {
    Path file = Files.writeString(temporary.resolve("model.bin"), "something");
    assertThatThrownBy(() -> ModelSource.path(file).folder())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected a checkpoint folder")
        .hasMessageContaining("or a GGUF file");
  }

  @Test
  void aFolderStandsForItself() {
    assertThat(ModelSource.path(temporary).folder()).isEqualTo(temporary);
    assertThat(SingleFileModels.origin(temporary)).isEqualTo(temporary);
    assertThat(SingleFileModels.file(temporary)).isEmpty();
    Path absent = temporary.resolve("absent");
    assertThat(ModelSource.path(absent).folder()).isEqualTo(absent);
  }

  @Test
  void aFolderFromElsewhereDoesNotChooseAFileOfThisMachine() throws IOException {
    Path file = Files.writeString(temporary.resolve("other.gguf"), "GGUF");
    Files.writeString(temporary.resolve("model_file.json"), "{\"file\": \"%s\"}".formatted(file));
    assertThat(SingleFileModels.file(temporary)).isEmpty();
    assertThat(SingleFileModels.origin(temporary)).isEqualTo(temporary);
  }

  @Test
  void aDamagedMarkerIsToldApart() throws IOException {
    Files.writeString(temporary.resolve("model_file.json"), "{}");
    assertThatThrownBy(() -> SingleFileModels.file(temporary))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model_file.json")
        .hasMessageContaining("Delete the folder");
  }
}
