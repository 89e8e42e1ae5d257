package io.adapt4j.core.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

  private static Tokenizer stories;

  @TempDir Path folder;

  @BeforeAll
  static void load() {
    stories = Tokenizer.load(TestTokenizers.stories());
  }

  @AfterAll
  static void close() {
    stories.close();
  }

  @Test
  void encodesAndDecodesAsSentencePieceDoes() throws IOException {
    for (JsonNode row : TestTokenizers.expected(TestTokenizers.stories()).get("tokenizer")) {
      String text = row.get("text").textValue();
      int[] ids = TestTokenizers.ints(row.get("ids_without_bos"));
      assertThat(stories.encode(text, false)).as(text).isEqualTo(ids);
      assertThat(stories.decode(ids, true)).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "smollm2-135m-instruct", "mistral-7b-v0.1", "bert-base-uncased"})
  void agreesWithAnotherImplementation(String name) throws IOException {
    Path shared = TestTokenizers.shared(name);
    try (Tokenizer tokenizer = Tokenizer.load(shared)) {
      List<String> differences = new ArrayList<>();
      for (JsonNode row : TestTokenizers.expected(shared).get("encodings")) {
        String text = row.get("text").textValue();
        int[] ids = TestTokenizers.ints(row.get("ids"));
        assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(ids);
        assertThat(tokenizer.encode(text, false))
            .as(text)
            .isEqualTo(TestTokenizers.ints(row.get("ids_no_special")));
        String decoded = tokenizer.decode(ids, true);
        if (!decoded.equals(row.get("decoded_skip_special").textValue())) {
          differences.add(decoded + " <> " + row.get("decoded_skip_special").textValue());
        }
      }
      assertThat(differences).isEmpty();
    }
  }

  @Test
  void ignoresTruncationSavedInTheFile() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.shared("gpt2"))) {
      assertThat(tokenizer.encode("word ".repeat(2000), true)).hasSizeGreaterThan(1999);
    }
  }

  @Test
  void knowsItsVocabularyAndSpecialTokens() {
    assertThat(stories.vocabularySize()).isEqualTo(512);
    assertThat(stories.bosId()).hasValue(1);
    assertThat(stories.eosId()).hasValue(2);
    assertThat(stories.unkId()).hasValue(0);
    assertThat(stories.padId()).isEmpty();
    assertThat(stories.paddingId()).isEqualTo(2);
    assertThat(stories.token(1)).isEqualTo("<s>");
    assertThat(stories.id("</s>")).hasValue(2);
    assertThat(stories.id("no such token")).isEmpty();
    assertThat(stories.isSpecial(2)).isTrue();
    assertThat(stories.isSpecial(3)).isFalse();
  }

  @Test
  void aPadTokenMayBeTheEosToken() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.shared("smollm2-135m-instruct"))) {
      assertThat(tokenizer.padId()).isEqualTo(tokenizer.eosId());
    }
  }

  @Test
  void offsetsCountUtf16UnitsAndCoverTheText() {
    String text = "A \uD83D\uDE00 caf\u00E9";
    Encoding encoding = stories.encodeWithOffsets(text, true);
    assertThat(encoding.special()[0]).isTrue();
    assertThat(encoding.starts()[0]).isZero();
    assertThat(encoding.ends()[0]).isZero();
    int covered = 0;
    for (int i = 1; i < encoding.length(); i++) {
      assertThat(encoding.special()[i]).isFalse();
      assertThat(encoding.starts()[i]).isLessThanOrEqualTo(covered);
      covered = Math.max(covered, encoding.ends()[i]);
    }
    assertThat(covered).isEqualTo(text.length());
  }

  @Test
  void addsBosAndEosAsTheConfigurationSays() throws IOException {
    copyWithConfig(
        "{'tokenizer_class':'LlamaTokenizer','bos_token':{'content':'<s>'},"
            + "'eos_token':'</s>','add_bos_token':false,'add_eos_token':true}");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      int[] plain = stories.encode("One day", false);
      int[] ids = tokenizer.encode("One day", true);
      assertThat(ids).hasSize(plain.length + 1).startsWith(plain).endsWith(2);
      assertThat(tokenizer.encode("One day", false)).isEqualTo(plain);
    }
  }

  @Test
  void leavesBosToThePostProcessorForOtherClasses() throws IOException {
    copyWithConfig("{'tokenizer_class':'PreTrainedTokenizerFast','add_bos_token':false}");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      assertThat(tokenizer.encode("One day", true)).startsWith(1);
      assertThat(tokenizer.bosId()).isEmpty();
      assertThat(tokenizer.paddingId()).isZero();
    }
  }

  @Test
  void takesNulAndUnassignedCharacters() {
    String text = "a\0b \uE000 \uFFFF";
    assertThat(stories.decode(stories.encode(text, false), true)).isEqualTo(text);
  }

  @Test
  void refusesUnpairedSurrogates() {
    assertThatThrownBy(() -> stories.encode("ab\uD83Dc", true))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("U+D83D")
        .hasMessageContaining("character 2");
  }

  @Test
  void refusesIdsThatCannotBe() {
    assertThatThrownBy(() -> stories.decode(new int[] {-100}, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-100");
    assertThatThrownBy(() -> stories.token(512)).hasMessageContaining("512");
  }

  @Test
  void closesTwiceButIsNotUsedAfterwards() {
    Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());
    TextStream stream = tokenizer.stream(true);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a", true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> stream.push(5)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void namesTheFileThatIsMissingOrBroken() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.load(folder)).hasMessageContaining(file + ": no such file");
    Files.writeString(file, "{");
    assertThatThrownBy(() -> Tokenizer.load(folder)).hasMessageContaining(file + ": not valid");
    Files.writeString(file, "{}");
    assertThatThrownBy(() -> Tokenizer.load(folder)).hasMessageContaining("'model.vocab'");
    Files.writeString(file, "{\"model\":{\"type\":\"Odd\",\"vocab\":{\"a\":0}}}");
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void namesTheSpecialTokenThatTheTokenizerLacks() throws IOException {
    copyWithConfig("{'eos_token':'<|end|>'}");
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining("'eos_token'")
        .hasMessageContaining("<|end|>");
    copyWithConfig("{'eos_token':7}");
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("'eos_token'");
  }

  @Test
  void aPromptHasTheTokensAddedBeforeATextButNotThoseAddedAfterIt() throws IOException {
    copyWithConfig(
        "{'tokenizer_class':'LlamaTokenizerFast','bos_token':'<s>','eos_token':'</s>',"
            + "'add_bos_token':true,'add_eos_token':true}");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      int[] whole = tokenizer.encode("Tom", true);
      assertThat(whole).startsWith(1).endsWith(2);
      assertThat(tokenizer.encodePrompt("Tom")).isEqualTo(Arrays.copyOf(whole, whole.length - 1));
      assertThat(tokenizer.encodePrompt("")).containsExactly(1);
      assertThat(tokenizer.encodePrompt("Tom</s>")).endsWith(2);
    }
  }

  private void copyWithConfig(String config) throws IOException {
    Files.copy(
        TestTokenizers.stories().resolve("tokenizer.json"),
        folder.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(folder.resolve("tokenizer_config.json"), config.replace('\'', '"'));
  }
}
