package io.adapt4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.TokenClassifier.TransitionBiases;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The privacy filter as a token classifier: valid spans, operating points, and long texts. */
class PrivacyFilterTest {

  private static final Path FOLDER = Path.of("..", "fixtures", "families", "privacy_filter_tokens");

  private static final String TEXT = "my name is ann-marie hill, write to ann@hill.test or 1-1-1.";

  @TempDir private Path folder;

  private Path changed(String name, Consumer<ObjectNode> change) throws IOException {
    Path copy = Files.createDirectory(folder.resolve(name));
    for (String file : List.of("model.safetensors", "tokenizer.json")) {
      Files.copy(FOLDER.resolve(file), copy.resolve(file));
    }
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(FOLDER.resolve("config.json")));
    change.accept(config);
    Files.writeString(copy.resolve("config.json"), config.toString());
    return copy;
  }

  private static TokenClassifier load(Path path) {
    return TokenClassifier.load(ModelSource.path(path));
  }

  @Test
  void entitiesAreWholeSpansOfItsCategories() {
    try (TokenClassifier filter = load(FOLDER)) {
      List<TokenClassifier.Entity> found = filter.entities(TEXT);
      assertThat(found).isNotEmpty();
      int last = 0;
      for (TokenClassifier.Entity entity : found) {
        assertThat(entity.type()).isIn("private_person", "secret");
        assertThat(entity.start()).isGreaterThanOrEqualTo(last);
        assertThat(entity.text())
            .isEqualTo(TEXT.substring(entity.start(), entity.end()))
            .isEqualTo(entity.text().strip())
            .isNotEmpty();
        assertThat(entity.score()).isBetween(0.0, 1.0);
        last = entity.end();
      }
    }
  }

  @Test
  void anOperatingPointOfTheFolderIsUsed() throws Exception {
    TransitionBiases seldom = new TransitionBiases(100, -100, 0, 50, 100, -100);
    Path strict = changed("strict", config -> {});
    Files.writeString(
        strict.resolve("viterbi_calibration.json"),
        """
        {"operating_points": {"default": {"biases": {
           "transition_bias_background_stay": 100, "transition_bias_background_to_start": -100,
           "transition_bias_inside_to_continue": 0, "transition_bias_inside_to_end": 50,
           "transition_bias_end_to_background": 100, "transition_bias_end_to_start": -100}}}}
        """);
    try (TokenClassifier filter = load(FOLDER);
        TokenClassifier calibrated = load(strict)) {
      List<TokenClassifier.Entity> usual = filter.entities(TEXT);
      assertThat(filter.withTransitions(TransitionBiases.NONE).entities(TEXT)).isEqualTo(usual);
      List<TokenClassifier.Entity> few = filter.withTransitions(seldom).entities(TEXT);
      assertThat(covered(few)).isLessThan(covered(usual) / 2);
      assertThat(calibrated.entities(TEXT)).isEqualTo(few);
    }
  }

  private static int covered(List<TokenClassifier.Entity> entities) {
    return entities.stream().mapToInt(entity -> entity.end() - entity.start()).sum();
  }

  /** The filter's two layers see 5 tokens far each: 10 from a window's edge all is the same. */
  @Test
  void aLongTextInWindowsHasTheEntitiesOfTheWhole() throws Exception {
    String text = (TEXT + " ").repeat(20).strip();
    Path wide = changed("wide", config -> config.put("max_position_embeddings", 4096));
    Path narrow = changed("narrow", config -> config.put("max_position_embeddings", 96));
    try (TokenClassifier whole = load(wide);
        TokenClassifier windows = load(narrow)) {
      List<TokenClassifier.Entity> wanted = whole.entities(text);
      assertThat(wanted).hasSizeGreaterThan(20);
      assertThat(windows.allEntities(text))
          .usingRecursiveComparison()
          .withComparatorForType((a, b) -> Math.abs(a - b) < 1e-4 ? 0 : 1, Double.class)
          .isEqualTo(wanted);
      assertThat(windows.entities(text)).hasSizeLessThan(wanted.size());
    }
  }

  @Test
  void closingAViewClosesTheClassifier() {
    TokenClassifier filter = load(FOLDER);
    filter.withTransitions(TransitionBiases.NONE).close();
    assertThatIllegalStateException().isThrownBy(() -> filter.entities(TEXT));
  }

  @Test
  void transitionsNeedLabelsOfSpans() throws Exception {
    Path other =
        changed("other", config -> ((ObjectNode) config.get("id2label")).put("8", "S-token"));
    try (TokenClassifier filter = load(other)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> filter.withTransitions(TransitionBiases.NONE))
          .withMessageContaining("S-token");
    }
    Files.writeString(
        other.resolve("viterbi_calibration.json"),
        """
        {"operating_points": {"default": {"biases": {
           "transition_bias_background_stay": 0, "transition_bias_background_to_start": 0,
           "transition_bias_inside_to_continue": 0, "transition_bias_inside_to_end": 0,
           "transition_bias_end_to_background": 0, "transition_bias_end_to_start": 0}}}}
        """);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> load(other))
        .withMessageContaining("id2label")
        .withMessageContaining("viterbi_calibration.json");
  }
}
