package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextStreamTest {

  private static final String[] PARTS =
      split(
          "|",
          "Once| upon|a| |  |\n|\t|'| n't| .| , |\u00E9|\u4F60\u597D|\uD83D\uDE00",
          "\uD83D\uDC69\u200D\uD83D\uDC67|\u0645|<s>|</s>|\0|\uFFFD|12");

  @Test
  void givesACharacterWholeWithItsLastToken() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      TextStream stream = tokenizer.stream(true);
      List<String> pieces = new ArrayList<>();
      for (int id : tokenizer.encode("a \uD83D\uDE00 b", true)) {
        pieces.add(stream.push(id));
      }
      assertThat(pieces).contains("\uD83D\uDE00").noneMatch(piece -> piece.contains("\uFFFD"));
      assertThat(String.join("", pieces) + stream.finish()).isEqualTo("a \uD83D\uDE00 b");
      assertThatThrownBy(() -> stream.push(5)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void endsAnUnfinishedCharacterWithAReplacement() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] ids = tokenizer.encode("\uD83D\uDE00", false);
      TextStream stream = tokenizer.stream(true);
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < ids.length - 1; i++) {
        text.append(stream.push(ids[i]));
      }
      assertThat(text.toString()).isEmpty();
      assertThat(stream.finish()).isNotEmpty().matches("\uFFFD+");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stories", "gpt2", "smollm2-135m-instruct", "mistral-7b-v0.1"})
  void piecesJoinedAreTheDecodedText(String name) {
    try (Tokenizer tokenizer = Tokenizer.load(folder(name))) {
      SplittableRandom random = new SplittableRandom(7);
      for (int round = 0; round < 300; round++) {
        int[] ids = tokenizer.encode(randomText(random), true);
        boolean skip = random.nextBoolean();
        assertThat(streamed(tokenizer, ids, skip)).isEqualTo(tokenizer.decode(ids, skip));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "smollm2-135m-instruct"})
  void piecesOfArbitraryTokensJoinedAreTheDecodedText(String name) {
    try (Tokenizer tokenizer = Tokenizer.load(folder(name))) {
      SplittableRandom random = new SplittableRandom(11);
      for (int round = 0; round < 200; round++) {
        int[] ids = new int[40];
        for (int i = 0; i < ids.length; i++) {
          ids[i] = random.nextInt(tokenizer.vocabularySize());
        }
        assertThat(streamed(tokenizer, ids, true)).isEqualTo(tokenizer.decode(ids, true));
      }
    }
  }

  @Test
  void byteLevelTokensRoundTripAnyText() {
    try (Tokenizer tokenizer = Tokenizer.load(folder("gpt2"))) {
      SplittableRandom random = new SplittableRandom(3);
      for (int round = 0; round < 300; round++) {
        String text = randomUnicode(random);
        int[] ids = tokenizer.encode(text, false);
        assertThat(tokenizer.decode(ids, false)).isEqualTo(text);
      }
    }
  }

  @Test
  void goesOnFromTheTokensBeforeSoThatTheTextsJoin() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] all = tokenizer.encode("Once upon a time there was a caf\u00e9 in a big park.", true);
      for (int cut = 2; cut < all.length; cut++) {
        int[] before = Arrays.copyOf(all, cut);
        String beginning = tokenizer.decode(before, true);
        if (!beginning.contains("\uFFFD")) {
          TextStream stream = tokenizer.stream(true, before);
          StringBuilder text = new StringBuilder(beginning);
          for (int i = cut; i < all.length; i++) {
            text.append(stream.push(all[i]));
          }
          assertThat(text.append(stream.finish()).toString())
              .isEqualTo(tokenizer.decode(all, true));
        }
      }
    }
  }

  @Test
  void beginsANewTextAfterASpecialToken() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] word = tokenizer.encode("Tom", false);
      int bos = tokenizer.bosId().getAsInt();
      TextStream stream = tokenizer.stream(true, new int[] {word[0], bos});
      StringBuilder text = new StringBuilder();
      for (int id : word) {
        text.append(stream.push(id));
      }
      assertThat(text.append(stream.finish()).toString()).isEqualTo("Tom");
    }
  }

  @Test
  void takesTokensWithoutTextForEver() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      TextStream stream = tokenizer.stream(true);
      for (int i = 0; i < 100_000; i++) {
        assertThat(stream.push(2)).isEmpty();
        assertThat(stream.push(100_000)).isEmpty();
      }
      assertThat(stream.finish()).isEmpty();
    }
  }

  private static Path folder(String name) {
    return name.equals("stories") ? TestTokenizers.stories() : TestTokenizers.shared(name);
  }

  private static String streamed(Tokenizer tokenizer, int[] ids, boolean skip) {
    TextStream stream = tokenizer.stream(skip);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.push(id));
    }
    return text.append(stream.finish()).toString();
  }

  private static String randomText(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(30);
    for (int i = 0; i < parts; i++) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return text.toString();
  }

  private static String randomUnicode(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(40);
    while (text.length() < length) {
      int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
      String character = Character.toString(codePoint);
      if (UnpairedSurrogates.indexIn(character) < 0) {
        text.append(character);
      }
    }
    return text.toString();
  }
}
