package io.adapt4j.core.internal.tokenize;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written of a tokenizer can be loaded by AutoTokenizer, and makes the same tokens. */
class TokenizerFilesTest {

  private static final String CONFIG = "tokenizer_config.json";
  private static final String MAP = "special_tokens_map.json";

  @TempDir private Path folder;
  private Path base;
  private Path written;

  @BeforeEach
  void copyTokenizer() throws IOException, URISyntaxException {
    base = Files.createDirectories(folder.resolve("base"));
    written = Files.createDirectories(folder.resolve("written"));
    Path source =
        Path.of(
            Objects.requireNonNull(TokenizerFilesTest.class.getResource("/stories260K")).toURI());
    for (String name : new String[] {"tokenizer.json", CONFIG, MAP}) {
      Files.copy(source.resolve(name), base.resolve(name));
    }
  }

  /** LlamaTokenizerFast reads a missing tokenizer.model wherever the field is there at all. */
  @ParameterizedTest
  @CsvSource({"LlamaTokenizerFast, true", "LlamaTokenizer, false", ", true"})
  void fieldsThatAskForTheMissingSentencePieceModelAreLeftOut(String tokenizerClass, boolean value)
      throws IOException {
    change(tokenizerClass, value);
    copy(written, base, "llama", OptionalInt.empty());
    JsonNode fields = read(CONFIG);
    assertThat(fields.has("add_prefix_space")).isFalse();
    assertThat(fields.path("add_bos_token").asBoolean()).isTrue();
    assertThat(fields.path("model_max_length").asInt()).isEqualTo(512);
    try (Tokenizer before = Tokenizer.load(base);
        Tokenizer after = Tokenizer.load(written)) {
      String text = "  Once upon a time, Zoë said: \"hi\".\n";
      assertThat(after.encode(text, true)).isEqualTo(before.encode(text, true));
    }
  }

  @Test
  void fieldsThatTheClassCanUseStay() throws IOException {
    change("GPT2TokenizerFast", true);
    copy(written, base, "gpt2", OptionalInt.empty());
    assertThat(read(CONFIG).path("add_prefix_space").asBoolean()).isTrue();
  }

  @Test
  void aSentencePieceModelIsCopiedAndMayBeAskedFor() throws IOException {
    change("LlamaTokenizerFast", true);
    Files.write(base.resolve("tokenizer.model"), new byte[] {1, 2});
    copy(written, base, "llama", OptionalInt.empty());
    assertThat(read(CONFIG).path("add_prefix_space").asBoolean()).isTrue();
    assertThat(written.resolve("tokenizer.model")).hasBinaryContent(new byte[] {1, 2});
  }

  @Test
  void filesWithoutFaultsAreCopiedToTheByte() throws IOException {
    copy(written, base, "llama", OptionalInt.empty());
    for (String name : new String[] {"tokenizer.json", CONFIG, MAP}) {
      assertThat(written.resolve(name)).hasSameBinaryContentAs(base.resolve(name));
    }
  }

  @Test
  void thePaddingTokenBecomesTheModels() throws IOException {
    Files.writeString(
        base.resolve(MAP), "{\"eos_token\": \"</s>\", \"pad_token\": {\"content\": \"<unk>\"}}");
    copy(written, base, "llama", OptionalInt.of(2));
    assertThat(read(CONFIG).path("pad_token").asText()).isEqualTo("</s>");
    assertThat(read(MAP).path("pad_token").asText()).isEqualTo("</s>");
    try (Tokenizer tokenizer = Tokenizer.load(written)) {
      assertThat(tokenizer.padId()).hasValue(2);
    }
  }

  @Test
  void aFolderWithoutTokenizerGetsNone() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    copy(written, empty, "llama", OptionalInt.of(2));
    try (Stream<Path> files = Files.list(written)) {
      assertThat(files).isEmpty();
    }
  }

  private void change(String tokenizerClass, boolean addPrefixSpace) throws IOException {
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(base.resolve(CONFIG)));
    fields.put("add_prefix_space", addPrefixSpace);
    if (tokenizerClass == null) {
      fields.remove("tokenizer_class");
      // Only a stated class rebuilds the tokens around a text.
      fields.remove("add_eos_token");
    } else {
      fields.put("tokenizer_class", tokenizerClass);
    }
    Files.writeString(base.resolve(CONFIG), Json.indented(fields));
  }

  private JsonNode read(String name) throws IOException {
    return Json.parse(Files.readString(written.resolve(name)));
  }

  private static void copy(Path folder, Path base, String modelType, OptionalInt paddingId)
      throws IOException {
    try (FileTransaction transaction = new FileTransaction()) {
      TokenizerFiles.stage(transaction, folder, base, modelType, paddingId);
      transaction.commit();
    }
  }
}
