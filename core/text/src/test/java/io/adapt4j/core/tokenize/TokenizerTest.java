package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

  @AutoClose private static final Tokenizer stories = Tokenizer.load(TestTokenizers.stories());

  @TempDir Path folder;

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
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("U+D83D")
        .hasMessageContaining("character 2");
  }

  @Test
  void refusesIdsThatCannotBe() {
    refuses(IllegalArgumentException.class, () -> stories.decode(new int[] {-100}, true), "-100");
    assertThatThrownBy(() -> stories.token(512)).hasMessageContaining("512");
  }

  @Test
  void closesTwiceButIsNotUsedAfterwards() {
    Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());
    TextStream stream = tokenizer.stream(true);
    tokenizer.close();
    tokenizer.close();
    refuses(IllegalStateException.class, () -> tokenizer.encode("a", true), "closed");
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
    refuses(CheckpointException.class, () -> Tokenizer.load(folder), file.toString());
  }

  @Test
  void namesTheSpecialTokenThatTheTokenizerLacks() throws IOException {
    copyWithConfig("{'eos_token':'<|end|>'}");
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining("'eos_token'")
        .hasMessageContaining("<|end|>");
    copyWithConfig("{'eos_token':7}");
    refuses(CheckpointException.class, () -> Tokenizer.load(folder), "'eos_token'");
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

  @Test
  void aTextLongerThanTheLimitLosesItsEndAndKeepsTheTokensAroundIt() throws IOException {
    copyWithConfig(
        "{'tokenizer_class':'LlamaTokenizerFast','bos_token':'<s>','eos_token':'</s>',"
            + "'add_bos_token':true,'add_eos_token':true}");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      int[] plain = tokenizer.encode("Once upon a time", false);
      assertThat(tokenizer.encodeTruncated("Once upon a time", 4))
          .containsExactly(1, plain[0], plain[1], 2);
      assertThat(tokenizer.encodeTruncated("Once upon a time", plain.length + 2))
          .isEqualTo(tokenizer.encode("Once upon a time", true));
      assertThat(tokenizer.encodeTruncated("", 3)).containsExactly(1, 2);
    }
  }

  @Test
  void aLimitWithoutRoomForTextIsRefused() {
    assertThatThrownBy(() -> stories.encodeTruncated("Tom", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 2")
        .hasMessageContaining("found 1");
    assertThatThrownBy(() -> stories.encodeAllTruncated(List.of("Tom"), 1))
        .hasMessageContaining("at least 2");
    assertThatThrownBy(() -> stories.encodePair("Tom", "Sue", 3))
        .hasMessageContaining("at least 4")
        .hasMessageContaining("a pair of texts");
  }

  @Test
  void aPairHasTypeIdsAndOffsetsOfItsOwnTexts() {
    try (Tokenizer bert = Tokenizer.load(TestTokenizers.shared("bert-base-uncased"))) {
      Encoding pair = bert.encodePair("\uD83D\uDE00 a cat", "It sleeps.");
      int[] first = bert.encode("\uD83D\uDE00 a cat", false);
      int[] second = bert.encode("It sleeps.", false);
      assertThat(pair.ids())
          .hasSize(first.length + second.length + 3)
          .startsWith(101)
          .endsWith(102);
      assertThat(pair.ids()[first.length + 1]).isEqualTo(102);
      assertThat(Arrays.stream(pair.typeIds()).sum()).isEqualTo(second.length + 1);
      assertThat(pair.starts()[1]).isZero();
      assertThat(pair.ends()[first.length]).isEqualTo("\uD83D\uDE00 a cat".length());
      assertThat(pair.ends()[pair.length() - 2]).isEqualTo("It sleeps.".length());
      assertThat(bert.encodeWithOffsets("a cat", true).typeIds()).containsOnly(0);
    }
  }

  @Test
  void aPairWithAddedBosAndEosHasThemAroundEachText() throws IOException {
    copyWithConfig(
        "{'tokenizer_class':'LlamaTokenizerFast','bos_token':'<s>','eos_token':'</s>',"
            + "'add_bos_token':true,'add_eos_token':true}");
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      Encoding pair = tokenizer.encodePair("Tom", "Tom");
      int[] tom = tokenizer.encode("Tom", true);
      assertThat(Arrays.copyOf(pair.ids(), tom.length)).isEqualTo(tom);
      assertThat(Arrays.copyOfRange(pair.ids(), tom.length, pair.length())).isEqualTo(tom);
      assertThat(pair.typeIds()[tom.length - 1]).isZero();
      assertThat(pair.typeIds()[tom.length]).isEqualTo(1);
    }
  }

  @Test
  void aPairThatIsTooLongLosesTheEndOfTheLongerTextFirst() {
    int[] value = stories.encode("Tom", false);
    int[] many = stories.encode("Once upon a time there was a cat", false);
    int added = stories.encodePair("Tom", "Tom").length() - 2 * value.length;
    Encoding pair = stories.encodePair("Tom", "Once upon a time there was a cat", value.length + 6);
    assertThat(pair.length()).isEqualTo(value.length + 6);
    assertThat(Arrays.copyOfRange(pair.ids(), pair.length() - (6 - added), pair.length()))
        .isEqualTo(Arrays.copyOf(many, 6 - added));
  }

  @Test
  void tokensWrittenOutInATextAreReadAsThoseTokens() throws IOException {
    ObjectNode root =
        (ObjectNode)
            Json.parse(Files.readString(TestTokenizers.stories().resolve("tokenizer.json")));
    root.withArray("added_tokens")
        .add(Json.parse("{'id':512,'content':'<tool>','special':false}".replace('\'', '"')))
        .add(Json.parse("{'id':513,'content':'<|end|>','special':true}".replace('\'', '"')));
    for (JsonNode token : root.get("added_tokens")) {
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
        ((ObjectNode) token).put(flag, token.path(flag).asBoolean(false));
      }
    }
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      int[] ids = tokenizer.encode("Tom<tool><|end|></s>", false);
      assertThat(ids).endsWith(512, 513, 2);
      assertThat(tokenizer.vocabularySize()).isEqualTo(514);
      assertThat(tokenizer.decode(ids, false)).isEqualTo("Tom<tool><|end|></s>");
      assertThat(tokenizer.decode(ids, true)).isEqualTo("Tom<tool>");
      assertThat(tokenizer.isSpecial(512)).isFalse();
      assertThat(tokenizer.isSpecial(513)).isTrue();
    }
  }

  @Test
  void withoutAPadTokenRowsAreFilledWithEosElseUnknownElseZero() throws IOException {
    String[] configs = {
      "{'pad_token':'<s>','eos_token':'</s>'}", "{'eos_token':'</s>','unk_token':'<unk>'}",
      "{'unk_token':'T'}", "{}"
    };
    int unknown = stories.id("T").getAsInt();
    int[] expected = {1, 2, unknown, 0};
    for (int i = 0; i < configs.length; i++) {
      copyWithConfig(configs[i]);
      try (Tokenizer tokenizer = Tokenizer.load(folder)) {
        assertThat(tokenizer.paddingId()).as(configs[i]).isEqualTo(expected[i]);
      }
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
