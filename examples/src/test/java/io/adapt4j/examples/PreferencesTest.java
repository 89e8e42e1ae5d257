package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real small model learns to write in short sentences from pairs of its own answers. */
class PreferencesTest {

  @TempDir Path output;

  @Test
  void accuracyAndMarginRiseOnHeldOutPromptsAndSentencesGetShorter() {
    Path examples = Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples");
    Preferences.Outcome outcome = Preferences.run(examples, output, 64);
    assertThat(outcome.after().get("accuracy")).isGreaterThan(0.6);
    assertThat(outcome.after().get("margin")).isGreaterThan(0.1);
    assertThat(outcome.before().get("margin")).isBetween(-1e-3, 1e-3);
    assertThat(outcome.wordsAfter()).isLessThan(outcome.wordsBefore());
  }
}
