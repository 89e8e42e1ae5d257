package io.adapt4j.core.internal.task.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Pairs and verdicts as tokens. */
class PreferenceRowsTest {

  private static final String PROMPT = "Once upon a time there was";

  @AutoClose private final Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());

  private ExampleEncoder encoder(int maxLength) {
    return ExampleEncoder.builder(tokenizer, maxLength).build();
  }

  private static Example.Preference pair(String chosen, String rejected) {
    return new Example.Preference(PROMPT, chosen, rejected);
  }

  private String learned(TrainingSample sample) {
    int[] ids =
        Arrays.stream(sample.labels()).filter(value -> value != TrainingSample.IGNORED).toArray();
    return tokenizer.decode(ids, true);
  }

  @Test
  void onlyTheAnswersOfAPairAreLearned() {
    EncodedRows<PreferenceSample> rows =
        PreferenceSample.rows(Datasets.of(List.of(pair(" a cat.", " a big dog."))), encoder(64));
    PreferenceSample sample = rows.get(0);
    assertThat(learned(sample.chosen()).strip()).isEqualTo("a cat.");
    assertThat(learned(sample.rejected()).strip()).isEqualTo("a big dog.");
    assertThat(rows.report().samples()).isEqualTo(2);
    assertThat(rows.report().tokens())
        .isEqualTo(sample.chosen().length() + sample.rejected().length());
    assertThat(sample.chosen().labels()[sample.chosen().length() - 1]).isEqualTo(2);
  }

  @Test
  void pairsThatAreAlikeWithinTheLimitAreLeftOutAndCounted() {
    int prompt = tokenizer.encode(PROMPT, true).length;
    Dataset data =
        Datasets.of(
            List.of(pair(" a cat", " a cat and"), pair(" a cat", " the sun"), pair("x", "x")));
    EncodedRows<PreferenceSample> rows = PreferenceSample.rows(data, encoder(prompt + 2));
    assertThat(rows.size()).isEqualTo(1);
    assertThat(rows.report().kept()).isEqualTo(1);
    assertThat(rows.report().alike()).isEqualTo(2);
    assertThat(rows.report().truncated()).isEqualTo(1);
    assertThat(learned(rows.get(0).rejected()).strip()).startsWith("the");
  }

  @Test
  void pairsWhoseAnswersAreBeyondTheLimitAreLeftOut() {
    Dataset data = Datasets.of(List.of(pair(" a cat", " the sun")));
    assertThat(PreferenceSample.rows(data, encoder(3)).report().nothingToLearn()).isEqualTo(1);
    ExampleEncoder dropping = ExampleEncoder.builder(tokenizer, 3).overflow(Overflow.DROP).build();
    assertThat(PreferenceSample.rows(data, dropping).report().tooLong()).isEqualTo(1);
  }

  @Test
  void ofAConversationOnlyWhatFollowsThePromptIsLearned() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}{{ m.role }}: {{ m.content }}</s>{% endfor %}", Map.of());
    Example.ChatPreference pair =
        new Example.ChatPreference(
            List.of(
                ChatMessage.user("Once"),
                ChatMessage.assistant("upon a time"),
                ChatMessage.user("Go on")),
            List.of(ChatMessage.assistant("Lily saw a cat")),
            List.of(ChatMessage.assistant("Tom saw a dog")));
    ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 256).chatTemplate(template).build();
    PreferenceSample sample = PreferenceSample.rows(Datasets.of(List.of(pair)), encoder).get(0);
    assertThat(learned(sample.chosen())).contains("Lily saw a cat").doesNotContain("upon");
    assertThat(learned(sample.rejected())).contains("Tom saw a dog").doesNotContain("upon");
    assertThat(encoder.usedChatTemplate()).contains(template);
  }

  @Test
  void aBatchHasTheChosenAnswersAndThenTheRejectedOnes() {
    Dataset data =
        Datasets.of(List.of(pair(" a cat.", " a big dog."), pair(" it.", " the sun.")))
            .weighted(1, 3);
    EncodedRows<PreferenceSample> rows = PreferenceSample.rows(data, encoder(64));
    PreferenceBatch batch = PreferenceSample.batches(rows, 0).inOrder(2).epoch(0).next();
    assertThat(batch.sides().rows()).isEqualTo(4);
    assertThat(batch.numbers()).containsExactly(0, 1);
    assertThat(batch.weights()).containsExactly(1, 3);
    assertThat(batch.weight()).isEqualTo(4);
    assertThat(batch.reference()).isEmpty();
    TrainingSample[] sides = {
      rows.get(0).chosen(), rows.get(1).chosen(), rows.get(0).rejected(), rows.get(1).rejected()
    };
    int length = batch.sides().length();
    for (int row = 0; row < sides.length; row++) {
      long[] ids = new long[sides[row].length()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = sides[row].ids()[i];
      }
      assertThat(Arrays.copyOfRange(batch.sides().ids(), row * length, row * length + ids.length))
          .isEqualTo(ids);
    }
  }

  @Test
  void everyEpochHasAllPairsAndGoesOnFromAnyBatch() {
    List<Example> pairs = new ArrayList<>();
    for (String name : List.of("cat", "dog", "bird", "fish", "ball")) {
      pairs.add(pair(" a " + name, " the sun"));
    }
    EncodedRows<PreferenceSample> rows = PreferenceSample.rows(Datasets.of(pairs), encoder(64));
    BatchSource<PreferenceBatch> batches = PreferenceSample.batches(rows, 0).shuffled(2, 5);
    List<List<Integer>> whole = numbers(batches.epoch(1));
    assertThat(whole.stream().flatMap(List::stream)).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
    assertThat(numbers(batches.epoch(1, 1))).isEqualTo(whole.subList(1, 3));
  }

  private static List<List<Integer>> numbers(Iterator<PreferenceBatch> batches) {
    List<List<Integer>> numbers = new ArrayList<>();
    batches.forEachRemaining(batch -> numbers.add(Arrays.stream(batch.numbers()).boxed().toList()));
    return numbers;
  }

  @Test
  void aRowThatIsNoPairIsNamed() {
    Dataset texts = Datasets.of(List.of(new Example.Text("Once")));
    assertThatThrownBy(() -> PreferenceSample.rows(texts, encoder(8)))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("row 0: expected a chosen and a rejected completion");
    assertThatThrownBy(() -> new UnpairedRows(texts, encoder(8)))
        .hasMessageContaining("row 0: expected a completion with a label");
  }

  @Test
  void anUnpairedAnswerComesWithTheAnswerToTheNextOtherPrompt() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.UnpairedPreference("Lily saw", " a cat.", true),
                new Example.UnpairedPreference("Lily saw", " a dog.", false),
                new Example.UnpairedPreference("Tom had", " a big red ball.", true)));
    UnpairedRows rows = new UnpairedRows(data, encoder(64));
    assertThat(rows.size()).isEqualTo(3);
    UnpairedSample first = rows.get(0);
    assertThat(first.desirable()).isTrue();
    assertThat(rows.get(1).desirable()).isFalse();
    assertThat(learned(first.completion()).strip()).isEqualTo("a cat.");
    assertThat(learned(first.mismatched()).strip()).isEqualTo("a big red ball.");
    assertThat(tokenizer.decode(first.mismatched().ids(), true).strip())
        .isEqualTo("Lily saw a big red ball.");
    assertThat(learned(rows.get(2).mismatched()).strip()).isEqualTo("a cat.");
  }

  @Test
  void aMismatchStaysWithinTheLimit() {
    Dataset data =
        Datasets.of(
            List.of(
                new Example.UnpairedPreference(PROMPT, " it", true),
                new Example.UnpairedPreference("Tom", " saw a big red ball and the sun", false)));
    int limit = tokenizer.encode(PROMPT, true).length + 3;
    UnpairedSample first = new UnpairedRows(data, encoder(limit)).get(0);
    assertThat(first.mismatched().length()).isLessThanOrEqualTo(limit);
    assertThat(first.mismatched().targetTokens()).isPositive();
  }

  @Test
  void aPairCountsAsAGoodAndABadAnswer() {
    UnpairedRows rows =
        new UnpairedRows(Datasets.of(List.of(pair(" a cat.", " a dog."))), encoder(64));
    UnpairedBatch batch = rows.batches(0).inOrder(2).epoch(0).next();
    assertThat(batch.desirable()).containsExactly(true, false);
    assertThat(batch.completions().rows()).isEqualTo(2);
    assertThat(batch.mismatched().rows()).isEqualTo(2);
  }
}
