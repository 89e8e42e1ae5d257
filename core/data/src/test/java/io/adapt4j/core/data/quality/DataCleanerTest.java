package io.adapt4j.core.data.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.Words;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class DataCleanerTest {

  private static Dataset texts(String... texts) {
    return Datasets.of(List.of(texts).stream().map(Example.Text::new).toList());
  }

  private static List<String> texts(Dataset dataset) {
    return IntStream.range(0, dataset.size())
        .mapToObj(row -> ((Example.Text) dataset.get(row)).text())
        .toList();
  }

  @Test
  void stepsAreDoneInOrderAndReportedByRow() {
    Dataset rows =
        texts("same ", "a\r\nb", "caf\u00C3\u00A9", "same", "mail x@y.org", "same \u0007");
    Cleaned cleaned =
        DataCleaner.of(rows)
            .normalize(
                Normalization.MOJIBAKE,
                Normalization.LINE_ENDS,
                Normalization.CONTROL_CHARACTERS,
                Normalization.NFC)
            .redact()
            .dropDuplicates()
            .drop("drop b", example -> ((Example.Text) example).text().endsWith("b"))
            .clean();
    assertThat(texts(cleaned.dataset()))
        .containsExactly("same ", "caf\u00E9", "same", "mail [EMAIL]");
    assertThat(cleaned.before()).isEqualTo(6);
    assertThat(cleaned.after()).isEqualTo(4);
    assertThat(cleaned.steps().get(0).changed()).containsExactly(1, 2, 5);
    assertThat(cleaned.steps().get(1).changed()).containsExactly(4);
    assertThat(cleaned.steps().get(2).dropped()).containsExactly(5);
    assertThat(cleaned.steps().get(3).dropped()).containsExactly(1);
    assertThat(cleaned.text()).contains("6 rows, 4 left").contains("drop b: 0 changed, 1 dropped");
    assertThat(cleaned.json()).contains("\"dropped\": [");
    assertThat(cleaned.dataset().locate(1)).isEqualTo("examples row 2");
  }

  @Test
  void redactsEveryKindInEveryText() {
    Example.Chat chat =
        new Example.Chat(
            List.of(
                ChatMessage.user("I am jane.doe@example.com, card 4111-1111-1111-1111"),
                ChatMessage.assistant("Call +1 212 555 0123, key AKIAIOSFODNN7EXAMPLE!")));
    Dataset redacted = DataCleaner.of(Datasets.of(List.of(chat))).redact().clean().dataset();
    assertThat(redacted.get(0))
        .isEqualTo(
            new Example.Chat(
                List.of(
                    ChatMessage.user("I am [EMAIL], card [CARD]"),
                    ChatMessage.assistant("Call [PHONE], key [SECRET]!"))));
    assertThat(DataChecker.of(redacted).check().count(Check.PERSONAL_DATA)).isZero();
  }

  @Test
  void aSecretWithinAnotherIsRedactedOnce() {
    Example row = new Example.Text("https://ann:ghp_" + "a1".repeat(18) + "@git.example/x");
    assertThat(texts(DataCleaner.of(Datasets.of(List.of(row))).redact().clean().dataset()))
        .containsExactly("https://[SECRET]@git.example/x");
  }

  @Test
  void redactsWordsAndKeepsTheirTags() {
    Example row = new Example.Tagged(List.of("Ask", "jane.doe@example.com"), List.of("O", "WHO"));
    assertThat(DataCleaner.of(Datasets.of(List.of(row))).redact().clean().dataset().get(0))
        .isEqualTo(new Example.Tagged(List.of("Ask", "[EMAIL]"), List.of("O", "WHO")));
  }

  @Test
  void truncatesTextsAtTheEndAndPromptsAtTheBeginning() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      Dataset rows =
          Datasets.of(
              List.of(
                  new Example.Text("Once upon a time there was a cat"),
                  new Example.PromptCompletion("Once upon a time there", " was a cat"),
                  new Example.Text("Once")));
      Cleaned cleaned = DataCleaner.of(rows).truncate(tokenizer, 4).clean();
      assertThat(cleaned.dataset().get(0)).isEqualTo(new Example.Text("Once upon a time"));
      Example.PromptCompletion pair = (Example.PromptCompletion) cleaned.dataset().get(1);
      assertThat(pair.completion()).isEqualTo(" was a cat");
      assertThat("Once upon a time there").endsWith(pair.prompt());
      assertThat(pair.prompt().length()).isLessThan(8);
      assertThat(cleaned.steps().get(0).changed()).containsExactly(0, 1);
    }
  }

  @Test
  void refusesChecksThatNeedMoreThanARowAndLeavingNothing() {
    DataCleaner cleaner = DataCleaner.of(texts("a"));
    assertThatThrownBy(() -> cleaner.drop(Check.LEAKAGE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not look at single rows");
    assertThatThrownBy(() -> cleaner.drop("all", example -> true).clean())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("step 'all' leaves no row");
  }

  @Property(tries = 300)
  void mojibakeOfAnyTextIsRepaired(@ForAll String text) {
    Charset windows = Charset.forName("windows-1252");
    // Only what survives the wrong reading can be repaired.
    String latin =
        text.chars()
            .filter(c -> c > 0xA0 && c < 0x250)
            .mapToObj(c -> String.valueOf((char) c))
            .filter(
                c -> !new String(c.getBytes(StandardCharsets.UTF_8), windows).contains("\uFFFD"))
            .collect(Collectors.joining(" "));
    String damaged = new String(latin.getBytes(StandardCharsets.UTF_8), windows);
    assertThat(Normalization.MOJIBAKE.apply(damaged)).isEqualTo(latin);
    assertThat(Normalization.MOJIBAKE.apply(latin)).isEqualTo(latin);
  }

  /** Recall and precision are stated in {@link DataChecker#near}. */
  @Test
  void findsNearlyAllPlantedNearDuplicatesAndNoOthers() {
    SplittableRandom random = new SplittableRandom(5);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      rows.add(sentence(random, 25));
    }
    List<Integer> near = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String original = rows.get(random.nextInt(2000));
      String changed = edited(original, random);
      if (similarity(original, changed) >= 0.8) {
        near.add(rows.size());
      }
      rows.add(changed);
    }
    assertThat(near).hasSizeGreaterThan(200);
    Dataset dataset = texts(rows.toArray(String[]::new));
    int[] found = Duplicates.near(dataset, 0.8);
    long recalled = near.stream().filter(row -> found[row] >= 0).count();
    assertThat((double) recalled / near.size()).isGreaterThanOrEqualTo(0.98);
    for (int row = 0; row < found.length; row++) {
      if (found[row] >= 0) {
        assertThat(found[row]).isLessThan(row);
        assertThat(similarity(rows.get(row), rows.get(found[row]))).isGreaterThanOrEqualTo(0.8);
      }
    }
    Cleaned cleaned = DataCleaner.of(dataset).dropNearDuplicates(0.8).clean();
    assertThat(cleaned.dataset().size()).isBetween(2000, 2500 - (int) recalled);
  }

  private static double similarity(String a, String b) {
    return Words.jaccard(Words.shingles(a, 5), Words.shingles(b, 5));
  }

  private static String sentence(SplittableRandom random, int words) {
    return IntStream.range(0, words).mapToObj(i -> word(random)).collect(Collectors.joining(" "));
  }

  private static String word(SplittableRandom random) {
    StringBuilder word = new StringBuilder();
    for (int i = 2 + random.nextInt(7); i > 0; i--) {
      word.append((char) ('a' + random.nextInt(26)));
    }
    return word.toString();
  }

  private static String edited(String sentence, SplittableRandom random) {
    String[] words = sentence.split(" ");
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      words[random.nextInt(words.length)] = word(random);
    }
    return String.join(", ", words);
  }
}
