package io.adapt4j.core.internal.nn.family;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AddingAModelTest {

  @Test
  void theWorkedExampleInTheGuideIsTheCodeThatIsBuilt() throws IOException {
    String source =
        Files.readString(
                Path.of("src/main/java/io/adapt4j/core/internal/nn/family/decoder/Granite.java"))
            .strip();
    assertThat(Files.readString(Path.of("../../docs/adding-a-model.md")))
        .contains("```java\n" + source + "\n```");
  }
}
