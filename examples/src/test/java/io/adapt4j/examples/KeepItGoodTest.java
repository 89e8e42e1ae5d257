package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.model.ModelSource;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a first adapter to a rollback, with the real small model. */
class KeepItGoodTest {

  @TempDir private Path folder;

  @Test
  void correctionsAreLearnedPromotedAndRolledBack() {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    new KeepItGood(
            ModelSource.path(Path.of("models", "stories260K")),
            folder.resolve("run"),
            new PrintStream(text, true, StandardCharsets.UTF_8))
        .run();

    assertThat(text.toString(StandardCharsets.UTF_8))
        .containsSubsequence(
            "Promoted things@1.",
            "Where is the bird? In the house. Corrected: At the park.",
            "moved: things@2 against things@1: exact_match +1.0000",
            "Promoted things@2.",
            "Where is the bird? At the park.",
            "Where is the hat? In the house.",
            "Rolled back to things@1:",
            "Where is the bird? In the house.");
  }
}
