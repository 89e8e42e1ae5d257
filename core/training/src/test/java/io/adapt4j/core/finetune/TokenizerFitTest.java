package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer that gives ids the model does not know is found before any text is read. */
class TokenizerFitTest {

  @TempDir private Path folder;

  /** Puts a token behind the last one of the vocabulary. */
  private static void enlarge(Path model, int id) throws Exception {
    Path file = model.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) Json.parse(Files.readString(file));
    ((ObjectNode) tokenizer.get("model").get("vocab")).put("<new>", id);
    Files.writeString(file, Json.compact(tokenizer));
  }

  /** Adds a token to the vocabulary, behind the last one. */
  private static void add(Path model, int id) throws Exception {
    Path file = model.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) Json.parse(Files.readString(file));
    ArrayNode added = tokenizer.withArray("added_tokens");
    added
        .addObject()
        .put("id", id)
        .put("content", "<new>")
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
    Files.writeString(file, Json.compact(tokenizer));
  }

  private void isNamed(AbstractThrowableAssert<?, ?> thrown, int rows) {
    thrown
        .hasMessageContaining(
            "tokenizer.json: expected at most " + rows + " tokens, the vocab_size in ")
        .hasMessageContaining("config.json, found " + (rows + 1))
        .hasMessageContaining("'<new>' with the id " + rows)
        .hasMessageContaining("Use the tokenizer that belongs to the model");
  }

  @Test
  void aLanguageModelIsNotLoadedWithALargerTokenizer() throws Exception {
    Path model = SmallModel.write(folder.resolve("model"));
    enlarge(model, 512);
    isNamed(
        assertThatThrownBy(() -> LanguageModel.load(ModelSource.path(model)))
            .isInstanceOf(CheckpointException.class),
        512);
  }

  @Test
  void aRunIsNotStartedWithALargerTokenizer() throws Exception {
    Path model = SmallModel.write(folder.resolve("model"));
    enlarge(model, 512);
    isNamed(
        assertThatThrownBy(
                () ->
                    FineTuner.builder()
                        .model(ModelSource.path(model))
                        .dataset(SmallModel.sentences(8))
                        .method(FullFineTuning.create())
                        .output(folder.resolve("run"))
                        .build())
            .isInstanceOf(SettingsException.class),
        512);
  }

  @Test
  void anEncoderIsNotLoadedWithALargerTokenizer() throws Exception {
    Path model = SmallEncoder.write(folder.resolve("model"));
    int rows = Json.parse(Files.readString(model.resolve("config.json"))).get("vocab_size").asInt();
    enlarge(model, rows);
    isNamed(
        assertThatThrownBy(() -> TextEmbedder.load(ModelSource.path(model)))
            .isInstanceOf(CheckpointException.class),
        rows);
  }

  @Test
  void aTokenThatWasAddedIsRefusedWhereATextHoldsIt() throws Exception {
    Path model = SmallModel.write(folder.resolve("model"));
    add(model, 512);
    GenerationOptions options = GenerationOptions.builder().maxNewTokens(2).build();
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model))) {
      assertThat(loaded.generate("Lily saw a dog.", options)).isNotNull();
      assertThatThrownBy(() -> loaded.generate("Lily saw a <new> dog.", options))
          .hasMessageContaining("the token id 512, but the model's ids are 0 to 511");
    }
  }

  @Test
  void anEncoderRefusesATextWithATokenThatWasAdded() throws Exception {
    Path model = SmallEncoder.write(folder.resolve("model"));
    int rows = Json.parse(Files.readString(model.resolve("config.json"))).get("vocab_size").asInt();
    add(model, rows);
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(model))) {
      assertThat(embedder.embed("a dog")).isNotEmpty();
      assertThatThrownBy(() -> embedder.embed("a <new> dog"))
          .hasMessageMatching(
              "(?s).*(a token that the model does not know|the token id " + rows + ").*");
    }
  }
}
