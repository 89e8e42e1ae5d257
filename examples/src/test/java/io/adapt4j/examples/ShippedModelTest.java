package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The model that comes with the examples is one that Transformers loads. */
class ShippedModelTest {

  private static final Path STORIES = Path.of("models/stories260K");

  /** LlamaTokenizerFast with this field reads a tokenizer.model, whatever its value is. */
  @Test
  void itsTokenizerAsksForNoFileThatIsNotThere() throws IOException {
    JsonNode config =
        new ObjectMapper().readTree(STORIES.resolve("tokenizer_config.json").toFile());
    assertThat(config.get("tokenizer_class").asText()).isEqualTo("LlamaTokenizerFast");
    assertThat(STORIES.resolve("tokenizer.model")).doesNotExist();
    assertThat(config.has("add_prefix_space")).isFalse();
    assertThat(config.has("from_slow")).isFalse();
  }
}
