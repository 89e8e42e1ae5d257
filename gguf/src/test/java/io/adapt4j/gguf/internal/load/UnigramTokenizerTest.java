package io.adapt4j.gguf.internal.load;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.ValueType;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.tokenizer.TokenizerMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers that choose among pieces keep their tokens on the way through a file. */
class UnigramTokenizerTest {

  private static final int ROWS = UnigramFolder.PIECES.size() + UnigramFolder.EXTRA + 6;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "the cat",
        "  the   cat  ",
        "the\ncat",
        "a\u2603b \u2603\u2603",
        "\uff21\uff21 the \ufb01t",
        "the <extra_id_1> cat",
        "the</s>cat"
      })
  void textsHaveTheSameTokens(String text) throws IOException {
    Path original = UnigramFolder.write(folder.resolve("original"));
    try (Tokenizer expected = Tokenizer.load(original);
        Tokenizer found = Tokenizer.load(read(metadata(original)))) {
      assertThat(found.encode(text, true)).isEqualTo(expected.encode(text, true));
      assertThat(found.decode(found.encode(text, true), true))
          .isEqualTo(expected.decode(expected.encode(text, true), true));
    }
  }

  @Test
  void aFileSaysWhatIsDoneToATextBefore() throws IOException {
    GgufMetadata metadata = metadata(UnigramFolder.write(folder.resolve("original")));
    assertThat(metadata.string("tokenizer.ggml.model")).contains("t5");
    assertThat(metadata.bool("tokenizer.ggml.add_space_prefix")).contains(true);
    assertThat(metadata.bool("tokenizer.ggml.remove_extra_whitespaces")).contains(true);
    assertThat(metadata.bool("tokenizer.ggml.add_eos_token")).contains(true);
    assertThat(metadata.integer("tokenizer.ggml.unknown_token_id")).hasValue(2);
    assertThat(metadata.integers("tokenizer.ggml.precompiled_charsmap")).isPresent();
    assertThat(metadata.integers("tokenizer.ggml.token_type").orElseThrow())
        .startsWith(3, 3, 2, 1)
        .endsWith(3, 3, 5, 5, 5, 5, 5, 5);
  }

  @Test
  void aModelOfSentencePieceStandsForAMissingTokenizer() throws IOException {
    Path original = UnigramFolder.write(folder.resolve("original"));
    Path old = Files.createDirectory(folder.resolve("old"));
    Files.write(old.resolve("spiece.model"), UnigramFolder.sentencePiece());
    Files.copy(original.resolve("config.json"), old.resolve("config.json"));
    GgufMetadata expected = metadata(original);
    GgufMetadata found = metadata(old);
    for (String key :
        new String[] {
          "add_space_prefix", "remove_extra_whitespaces", "unknown_token_id", "eos_token_id"
        }) {
      assertThat(found.toBuilder().build().type("tokenizer.ggml." + key))
          .as(key)
          .isEqualTo(expected.type("tokenizer.ggml." + key));
    }
    assertThat(found.integers("tokenizer.ggml.precompiled_charsmap").orElseThrow())
        .isEqualTo(expected.integers("tokenizer.ggml.precompiled_charsmap").orElseThrow());
    int pieces = UnigramFolder.PIECES.size();
    assertThat(found.strings("tokenizer.ggml.tokens").orElseThrow().subList(0, pieces))
        .isEqualTo(expected.strings("tokenizer.ggml.tokens").orElseThrow().subList(0, pieces));
    try (Tokenizer first = Tokenizer.load(original);
        Tokenizer second = Tokenizer.load(read(found))) {
      assertThat(second.encode("the  \ufb01t cat", true))
          .isEqualTo(first.encode("the  \ufb01t cat", true));
    }
  }

  @Test
  void aFileThatNamesNoTokensHasThoseOfT5() throws IOException {
    GgufMetadata metadata = metadata(UnigramFolder.write(folder.resolve("original")));
    GgufMetadata.Builder unnamed = GgufMetadata.builder();
    unnamed.string("tokenizer.ggml.model", "t5");
    unnamed.strings(
        "tokenizer.ggml.tokens", metadata.strings("tokenizer.ggml.tokens").orElseThrow());
    unnamed.float64s(
        "tokenizer.ggml.scores", metadata.numbers("tokenizer.ggml.scores").orElseThrow());
    unnamed.bool("tokenizer.ggml.add_space_prefix", true);
    try (Tokenizer tokenizer = Tokenizer.load(read(unnamed.build()))) {
      assertThat(tokenizer.encode("the", true)).endsWith(1);
      assertThat(tokenizer.encode("\u2603", false)).endsWith(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NFKC", "Lowercase"})
  void stepsThatLlamaCppLacksAreRefused(String step) throws IOException {
    Path original = UnigramFolder.write(folder.resolve("original"));
    Path file = original.resolve("tokenizer.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(file));
    fields.putObject("normalizer").put("type", step);
    Files.writeString(file, Json.compact(fields));
    refuses(CheckpointException.class, () -> metadata(original), "'normalizer'", step);
  }

  /** The native library would end the process. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 6})
  void replacementsThatPointOutsideAreRefused(int damaged) throws IOException {
    GgufMetadata metadata = metadata(UnigramFolder.write(folder.resolve("original")));
    String key = "tokenizer.ggml.precompiled_charsmap";
    long[] bytes = metadata.integers(key).orElseThrow();
    long[] changed = damaged == 0 ? new long[] {1, 2} : bytes.clone();
    if (damaged > 0) {
      changed[damaged] = 255;
    }
    GgufMetadata.Builder builder = metadata.toBuilder().integers(key, ValueType.UINT8, changed);
    Path read = read(builder.build());
    refuses(CheckpointException.class, () -> Tokenizer.load(read), "precompiled_charsmap");
  }

  @Test
  void aFileWithoutScoresIsRefused() throws IOException {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    builder.string("tokenizer.ggml.model", "t5");
    builder.strings("tokenizer.ggml.tokens", UnigramFolder.PIECES);
    refuses(CheckpointException.class, () -> read(builder.build()), "scores");
  }

  private static GgufMetadata metadata(Path original) {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    GgufFamily family = Families.of(ModelConfig.parse(original, "{\"model_type\": \"t5\"}"));
    TokenizerMetadata.read(original, family, ROWS).write(Optional.empty(), Map.of(), builder);
    return builder.build();
  }

  private Path read(GgufMetadata metadata) throws IOException {
    Path target = Files.createDirectory(folder.resolve("read"));
    GgufTokenizer tokenizer = new GgufTokenizer(folder.resolve("model.gguf"), metadata, false);
    Files.writeString(target.resolve("tokenizer.json"), Json.compact(tokenizer.tokenizer()));
    Files.writeString(target.resolve("tokenizer_config.json"), Json.compact(tokenizer.config()));
    return target;
  }
}
