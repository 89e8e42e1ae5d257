package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of dense families, there and back. */
class DenseFamiliesTest {

  private static final int TOKENS = 24;

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  static List<String> models() {
    return RandomModels.dense();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aFileComputesAsItsCheckpoint(String name) throws IOException {
    Path model = RandomModels.write(name, folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model)
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
    try (Decoder expected = TestModels.load(model);
        Decoder found = TestModels.load(ModelSource.path(file).folder())) {
      assertThat(TestModels.logits(found, TOKENS))
          .containsExactly(TestModels.logits(expected, TOKENS), within(2e-4f));
    }
  }
}
