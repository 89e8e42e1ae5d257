package io.adapt4j.core.internal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What a model learns of a row, and that it learns nothing of a masked one. */
class LossMaskTest {

  private static final int IGNORED = TrainingSample.IGNORED;

  @AutoClose private static final Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());

  private static final Dataset TWO =
      Datasets.of(List.of(new Example.Text("Once upon a time"), new Example.Text("Once upon")));

  private static ExampleEncoder.Builder encoder() {
    return ExampleEncoder.builder(tokenizer, 6);
  }

  private static ExampleEncoder.Builder chats() {
    return ExampleEncoder.builder(tokenizer, 256).chatTemplate(ChatTemplate.named("chatml"));
  }

  private static MaskedRow ofLengths(Integer... lengths) {
    return new MaskedRow(0, Optional.of(List.of(lengths)), Optional.empty());
  }

  private static void assertPadding(TrainingSample sample, int length, ExampleEncoder encoder) {
    assertThat(sample.ids()).hasSize(length).containsOnly(encoder.paddingId());
    assertThat(sample.labels()).hasSize(length).containsOnly(IGNORED);
  }

  @Test
  void aMaskedRowIsPaddingOfItsLengthWithoutLoss() {
    ExampleEncoder encoder = encoder().build();
    RowMask mask = new RowMask(List.of(MaskedRow.of(0)));
    EncodedRow<TrainingSample> masked = mask.encode(encoder, TWO, 0);
    assertThat(masked.fate()).isEqualTo(RowFate.KEPT);
    assertPadding(masked.sample(), 6, encoder);
    assertThat(mask.encode(encoder, TWO, 1).sample().ids()).containsExactly(1, 403, 407, 2);
    assertThat(mask.contains(0)).isTrue();
    assertThat(mask.contains(1)).isFalse();
    assertThat(mask.isEmpty()).isFalse();
    assertThat(RowMask.NONE.isEmpty()).isTrue();

    EncodableRows rows = encoder.filter(TWO, List.of(MaskedRow.of(0)), Peers.NONE);
    assertThat(rows.report().targetTokens()).isEqualTo(3);
  }

  @Test
  void aMaskedRowOfKnownLengthsIsNotRead() {
    ExampleEncoder encoder = encoder().build();
    Dataset none = TWO.subset();
    EncodedRow<TrainingSample> parts =
        new RowMask(List.of(ofLengths(6, 2))).encode(encoder, none, 0);
    assertThat(parts.fate()).isEqualTo(RowFate.KEPT);
    assertPadding(parts.samples().get(0), 6, encoder);
    assertPadding(parts.samples().get(1), 2, encoder);
    assertThat(new RowMask(List.of(ofLengths())).encode(encoder, none, 0))
        .isEqualTo(EncodedRow.skipped(RowFate.NOTHING_TO_LEARN));
    assertThatThrownBy(() -> new RowMask(List.of(ofLengths(6, 7))).encode(encoder, none, 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("row 0 has a length of 7 tokens, expected at most maxLength 6");
  }

  @Test
  void rowsOfOtherTasksAreMaskedInTheFormOfTheTask() {
    ExampleEncoder text = encoder().build();
    RowEncoder<TrainingSample> encoder = text::encodeRow;
    Dataset none = TWO.subset();
    RowMask read = new RowMask(List.of(MaskedRow.of(0)));
    assertThat(read.encode(encoder, masking(read, 1), TWO, 0).sample().length()).isEqualTo(6);
    assertThat(read.encode(encoder, masking(read, 1), TWO, 1).sample().length()).isEqualTo(4);
    RowMask known = new RowMask(List.of(ofLengths(6, 2)));
    EncodedRow<TrainingSample> formed = known.encode(encoder, masking(known, 2), none, 0);
    assertPadding(formed.sample(), 8, text);
    assertThat(formed.fate()).isEqualTo(RowFate.KEPT);
    RowMask skipped = new RowMask(List.of(ofLengths()));
    assertThat(skipped.encode(encoder, masking(skipped, 2), none, 0))
        .isEqualTo(EncodedRow.skipped(RowFate.NOTHING_TO_LEARN));
    for (RowMask wrong :
        List.of(new RowMask(List.of(ofLengths(6))), new RowMask(List.of(ofLengths(7, 2))))) {
      assertThatThrownBy(() -> wrong.encode(encoder, masking(wrong, 2), none, 0))
          .hasMessageContaining("expected at least 2 of at most 6 tokens");
    }
  }

  /** A form with all sequences after another. */
  private static EncodedRows.Masking<TrainingSample> masking(RowMask mask, int sequences) {
    return new EncodedRows.Masking<>(
        mask,
        sequences,
        6,
        lengths ->
            RowMask.masked(lengths.stream().mapToInt(Integer::intValue).sum(), encoder().build()));
  }

  private static TrainingSample sample(int... labels) {
    int[] ids = new int[labels.length];
    Arrays.setAll(ids, i -> i + 10);
    return new TrainingSample(ids, labels);
  }

  @Test
  void theFirstLabelHasNoLoss() {
    assertThat(sample(10, IGNORED, 12).targetTokens()).isEqualTo(1);
    assertThat(sample(IGNORED, 11, 12).targets()).isEqualTo(2);
    assertThat(sample(10, 11).firstLabel()).isZero();
    assertThat(sample(IGNORED, IGNORED, 12).firstLabel()).isEqualTo(2);
    assertThat(sample(IGNORED, IGNORED).firstLabel()).isEqualTo(2);
  }

  @Test
  void anEndIsTrainedIfOneOfTheLastThreeTokensIs() {
    TrainingSample sample = sample(10, 11, IGNORED, 13, 14);
    assertThat(sample.endsTrained(label -> label == 14)).isTrue();
    assertThat(sample.endsTrained(label -> label == 13)).isTrue();
    assertThat(sample.endsTrained(label -> label == 11)).isFalse();
    assertThat(sample.endsTrained(label -> label == IGNORED)).isFalse();
    assertThat(sample(10, 11, 12).endsTrained(label -> label == 11)).isTrue();
    // The first label has no loss.
    assertThat(sample(10, 11, 12).endsTrained(label -> label == 10)).isFalse();
    assertThat(sample(10).endsTrained(label -> label == 10)).isFalse();
  }

  @Test
  void aBeginningThatIsRepeatedIsNoticed() {
    TrainingSample twice = new TrainingSample(new int[] {1, 1}, new int[] {1, 1});
    assertThat(twice.beginsTwice(OptionalInt.of(1))).isTrue();
    assertThat(twice.beginsTwice(OptionalInt.of(2))).isFalse();
    assertThat(twice.beginsTwice(OptionalInt.empty())).isFalse();
    assertThat(sample(1, 1).beginsTwice(OptionalInt.of(10))).isFalse();
    assertThat(sample(1).beginsTwice(OptionalInt.of(10))).isFalse();
  }

  private static final Example.Chat CHAT =
      new Example.Chat(
          List.of(
              ChatMessage.user("Hello"),
              ChatMessage.assistant("One"),
              ChatMessage.user("More"),
              ChatMessage.assistant("Two")),
          List.of());

  private static String learned(ExampleEncoder encoder, TrainingSample sample) {
    int[] ids = Arrays.stream(sample.labels()).filter(label -> label != IGNORED).toArray();
    return encoder.tokenizer().decode(ids, false).strip();
  }

  @Test
  void aConversationIsLearnedWhereTheAssistantSpeaks() {
    ExampleEncoder answers = chats().build();
    assertThat(answers.usedChatTemplate()).isEmpty();
    TrainingSample both = answers.encode(CHAT).sample();
    assertThat(learned(answers, both))
        .contains("One", "Two", "<|im_end|>")
        .doesNotContain("Hello", "More", "user");
    assertThat(answers.usedChatTemplate()).isEqualTo(answers.chatTemplate()).isPresent();
    assertThat(answers.hasMetChat()).isTrue();
    assertThat(answers.endsTrained(both)).isTrue();

    ExampleEncoder last = chats().lossOn(LossOn.LAST_ASSISTANT).build();
    assertThat(learned(last, last.encode(CHAT).sample())).contains("Two").doesNotContain("One");
    ExampleEncoder all = chats().lossOn(LossOn.ALL).build();
    TrainingSample whole = all.encode(CHAT).sample();
    assertThat(whole.labels()).isEqualTo(whole.ids());
    assertThat(all.tokens(CHAT)).isEqualTo(whole.length());

    TrainingSample answer =
        answers.answer(CHAT.messages().subList(0, 3), CHAT.messages().subList(3, 4));
    assertThat(learned(answers, answer)).contains("Two").doesNotContain("One", "More");
    int[] cut = Arrays.copyOf(both.ids(), 20);
    assertThat(answers.endsTrained(new TrainingSample(cut, cut))).isFalse();
    int[] none = new int[both.length()];
    Arrays.fill(none, IGNORED);
    assertThat(answers.endsTrained(new TrainingSample(both.ids(), none))).isFalse();
  }

  @Test
  void aPromptIsLearnedOnlyIfAskedFor() {
    Example pair = new Example.PromptCompletion("Once upon", " a time");
    ExampleEncoder encoder = encoder().build();
    TrainingSample answer = encoder.answer("Once upon", " a time");
    assertThat(answer.labels()).isEqualTo(encoder.encode(pair).sample().labels());
    assertThat(encoder.limited(answer).sample()).isSameAs(answer);
    assertThat(encoder.endsTrained(answer)).isTrue();
    assertThat(encoder.portable(answer)).isSameAs(answer);
    assertThat(encoder.hasMetChat()).isFalse();
    TrainingSample all = encoder().lossOn(LossOn.ALL).build().encode(pair).sample();
    assertThat(all.labels()).isEqualTo(all.ids()).containsExactly(1, 403, 407, 261, 378, 2);
    assertThat(encoder.failsOverLimit()).isFalse();
    assertThat(encoder().overflow(Overflow.FAIL).build().failsOverLimit()).isTrue();
  }

  @Test
  void conversationsWithoutATemplateAndPromptsAloneAreRefused() {
    ExampleEncoder encoder = encoder().build();
    assertThat(encoder.chatTemplate()).isEmpty();
    assertThatThrownBy(() -> encoder.encode(CHAT)).hasMessageContaining("needs a chat template");
    Example prompt = new Example.ChatPrompt(List.of(ChatMessage.user("Hello")), List.of());
    assertThatThrownBy(() -> encoder.encode(prompt)).hasMessageContaining("nothing to learn");
    Example other = new Example.Classified("a", Optional.empty(), List.of("b"));
    assertThatThrownBy(() -> encoder.encode(other)).hasMessageContaining("a Classified example");
  }
}
