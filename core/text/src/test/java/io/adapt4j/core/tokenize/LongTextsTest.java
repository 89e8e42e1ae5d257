package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.internal.TooManyTokensException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongTextsTest {

  private static final int LENGTH = 60_000;

  @AutoClose private static final Tokenizer stories = Tokenizer.load(TestTokenizers.stories());

  @Test
  void encodesALongTextInPartsAsItDoesAsAWhole() {
    for (String text : new String[] {words(1), mixed(2)}) {
      assertThat(stories.encode(text, true, Integer.MAX_VALUE, () -> false))
          .isEqualTo(stories.encode(text, true));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "smollm2-135m-instruct", "mistral-7b-v0.1", "bert-base-uncased"})
  void encodesInPartsAsAWholeWithEveryKindOfTokenizer(String name) {
    Path folder = TestTokenizers.shared(name);
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      for (String text : new String[] {words(3), mixed(4)}) {
        assertThat(tokenizer.encode(text, true, Integer.MAX_VALUE, () -> false))
            .isEqualTo(tokenizer.encode(text, true));
      }
    }
  }

  @Test
  void readsTheBeginningOfALongTextAlone() {
    String text = words(5);
    int[] whole = stories.encode(text, false);
    int[] beginning = stories.encodeTruncated(text, 101);
    assertThat(beginning).hasSize(101).startsWith(stories.bosId().getAsInt());
    assertThat(Arrays.copyOfRange(beginning, 1, 101)).isEqualTo(Arrays.copyOf(whole, 100));
  }

  @Test
  void doesNotReadOnWhereThereAreTooManyTokens() {
    String text = words(6);
    AtomicInteger looks = new AtomicInteger();
    assertThatExceptionOfType(TooManyTokensException.class)
        .isThrownBy(() -> stories.encode(text, false, 5_000, () -> looks.incrementAndGet() < 0))
        .withMessageContaining("at least")
        .withMessageContaining("5000")
        .satisfies(
            e -> assertThat(e.leastTokens()).isBetween(5_001, stories.encode(text, false).length));
    AtomicInteger all = new AtomicInteger();
    stories.encode(text, false, Integer.MAX_VALUE, () -> all.incrementAndGet() < 0);
    assertThat(looks.get()).isLessThan(all.get() / 2);
  }

  @Test
  void encodesNothingOfATextThatIsTooLongWhateverItsTokens() {
    AtomicInteger looks = new AtomicInteger();
    assertThatExceptionOfType(TooManyTokensException.class)
        .isThrownBy(
            () ->
                stories.encode(
                    "x".repeat(4_000_000), false, 512, () -> looks.incrementAndGet() < 0));
    assertThat(looks).hasValue(0);
  }

  @Test
  void readsAsManyTokensAsMayBe() {
    String text = "One day Tim and Mia went to the park.";
    int tokens = stories.encode(text, false).length;
    assertThat(stories.encode(text, false, tokens, () -> false)).hasSize(tokens);
    assertThatExceptionOfType(TooManyTokensException.class)
        .isThrownBy(() -> stories.encode(text, false, tokens - 1, () -> false));
  }

  @Test
  void endsWhenNobodyWaits() {
    AtomicInteger looks = new AtomicInteger();
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(
            () ->
                stories.encode(
                    words(7), false, Integer.MAX_VALUE, () -> looks.incrementAndGet() > 3));
    assertThat(looks).hasValue(4);
  }

  @Test
  void readsAStretchWithoutPlacesToDivideUpToAnEnd() {
    String stretch = "b".repeat(LongTexts.WHOLE + 1);
    assertThat(stories.encode(stretch, false, Integer.MAX_VALUE, () -> false))
        .isEqualTo(stories.encode(stretch, false));
    String endless = "b".repeat(LongTexts.LONGEST_PART + 1);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> stories.encode(endless, false, Integer.MAX_VALUE, () -> false))
        .withMessageContaining("more than 262144 characters from character 0 on")
        .withMessageContaining("Put spaces");
    assertThatExceptionOfType(TooManyTokensException.class)
        .isThrownBy(() -> stories.encode(endless, false, 100_000, () -> false));
  }

  @Test
  void cutsNoCharacterInTwo() {
    String text = "\uD83D\uDE42".repeat(LongTexts.LONGEST_PART);
    refuses(TooManyTokensException.class, () -> stories.encode(text, false, 200_000, () -> false));
    assertThat(stories.encodeTruncated("b" + text, 10)).hasSize(10);
  }

  /** Words of letters, with line ends. */
  private static String words(long seed) {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    while (text.length() < LENGTH) {
      for (int i = random.nextInt(9); i >= 0; i--) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      text.append(random.nextInt(20) == 0 ? "\n" : " ");
    }
    return text.toString();
  }

  /** What tokenizers treat apart, in any order. */
  private static String mixed(long seed) {
    String[] pieces =
        split(
            "~",
            "it's~don't~ ~  ~\n\n~    ~<s>~</s>~<|im_start|>~[MASK]~1234567~==~foo_bar(",
            "\u00dcn\u00efc\u00f6de~e\u0301~\uD83D\uDE42~\t~\u00a0~\u6c49\u5b57~\uff0c~The~ cat",
            "\u0e01\u0e33");
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    while (text.length() < LENGTH) {
      text.append(pieces[random.nextInt(pieces.length)]);
    }
    return text.toString();
  }
}
