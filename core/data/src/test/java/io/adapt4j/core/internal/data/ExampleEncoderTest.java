package io.adapt4j.core.internal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleEncoderTest {

  private static final int BOS = 1;
  private static final int EOS = 2;

  @AutoClose private static final Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());

  @TempDir Path folder;

  private static ExampleEncoder.Builder encoder(int maxLength) {
    return ExampleEncoder.builder(tokenizer, maxLength);
  }

  private static TrainingSample sample(ExampleEncoder encoder, Example example) {
    return encoder.encode(example).sample();
  }

  @Test
  void trainsOnEveryTokenOfAText() {
    TrainingSample sample = sample(encoder(64).build(), new Example.Text("Once upon a time"));
    assertThat(sample.ids()).containsExactly(BOS, 403, 407, 261, 378, EOS);
    assertThat(sample.labels()).isEqualTo(sample.ids());
    assertThat(sample.targetTokens()).isEqualTo(5);
  }

  @Test
  void trainsOnlyOnTheCompletionAndItsEnd() {
    TrainingSample sample =
        sample(encoder(64).build(), new Example.PromptCompletion("Once upon", " a time"));
    assertThat(sample.ids()).containsExactly(BOS, 403, 407, 261, 378, EOS);
    assertThat(sample.labels()).containsExactly(-100, -100, -100, 261, 378, EOS);
  }

  @Test
  void aTokenAcrossTheBoundaryBelongsToTheCompletion() {
    TrainingSample sample =
        sample(encoder(64).build(), new Example.PromptCompletion("Once upon a ti", "me"));
    assertThat(sample.ids()).containsExactly(BOS, 403, 407, 261, 378, EOS);
    assertThat(sample.labels()).containsExactly(-100, -100, -100, -100, 378, EOS);
  }

  @Test
  void anEmptyPromptMasksOnlyTheBeginningOfSequence() {
    TrainingSample sample =
        sample(encoder(64).build(), new Example.PromptCompletion("", "Once upon"));
    assertThat(sample.labels()).containsExactly(-100, 403, 407, EOS);
  }

  @Test
  void theBoundaryIsRightBehindSupplementaryCharacters() {
    TrainingSample sample =
        sample(encoder(64).build(), new Example.PromptCompletion("\uD83D\uDE00 Once", " upon"));
    int[] labels = sample.labels();
    assertThat(Arrays.copyOfRange(labels, labels.length - 3, labels.length))
        .containsExactly(-100, 407, EOS);
  }

  @Test
  void whitespaceBelongsToTheSideItIsOn() {
    Example example = new Example.PromptCompletion("Hi.", "\n");
    TrainingSample sample = sample(encoder(64).build(), example);
    assertThat(sample.targetTokens()).isEqualTo(2);
  }

  @Test
  void doesNotRepeatAnEndThatTheTextHas() {
    TrainingSample sample = sample(encoder(64).build(), new Example.Text("Once upon</s>"));
    assertThat(sample.ids()).containsExactly(BOS, 403, 407, EOS);
  }

  @Test
  void keepsTheEndWhenItTruncates() {
    EncodedRow<TrainingSample> encoded =
        encoder(4).build().encode(new Example.Text("Once upon a time"));
    assertThat(encoded.fate()).isEqualTo(RowFate.TRUNCATED);
    assertThat(encoded.sample().ids()).containsExactly(BOS, 403, 407, EOS);
    TrainingSample without =
        sample(encoder(4).appendEos(false).build(), new Example.Text("Once upon a time"));
    assertThat(without.ids()).containsExactly(BOS, 403, 407, 261);
  }

  @Test
  void dropsOrFailsWhereAskedTo() {
    Example example = new Example.Text("Once upon a time");
    assertThat(encoder(4).overflow(Overflow.DROP).build().encode(example))
        .isEqualTo(EncodedRow.skipped(RowFate.TOO_LONG));
    assertThatThrownBy(() -> encoder(4).overflow(Overflow.FAIL).build().encode(example))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("6 tokens, expected at most 4");
  }

  @Test
  void leavesOutWhatHasNothingToLearnWithinTheLimit() {
    Example example = new Example.PromptCompletion("Once upon a time", " there was");
    assertThat(encoder(5).build().encode(example))
        .isEqualTo(EncodedRow.skipped(RowFate.NOTHING_TO_LEARN));
  }

  @Test
  void reportsWhatADatasetComesTo() {
    Dataset dataset =
        Datasets.of(
            List.of(
                new Example.Text("Once upon"),
                new Example.PromptCompletion("Once upon a time", " there was"),
                new Example.Text("Once upon a time")));
    EncodableRows rows = encoder(5).build().filter(dataset);
    assertThat(rows.dataset().size()).isEqualTo(2);
    assertThat(rows.dataset().get(1)).isEqualTo(dataset.get(2));
    assertThat(rows.report())
        .isEqualTo(new EncodingReport(3, 2, 2, 1, 0, 0, 1, 9, 7, 5, rows.report().digest(), 0));
    assertThatThrownBy(() -> encoder(5).overflow(Overflow.FAIL).build().filter(dataset))
        .hasMessageContaining("examples row 1: an example has");
  }

  @Test
  void refusesAnEndThatTheTokenizerLacks() throws IOException {
    Files.copy(
        TestTokenizers.stories().resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    try (Tokenizer bare = Tokenizer.load(folder)) {
      assertThatThrownBy(() -> ExampleEncoder.builder(bare, 8).build())
          .hasMessageContaining("eos_token");
      assertThat(
              sample(
                      ExampleEncoder.builder(bare, 8).appendEos(false).build(),
                      new Example.Text("Once upon"))
                  .ids())
          .containsExactly(BOS, 403, 407);
    }
    assertThatThrownBy(() -> encoder(1)).hasMessageContaining("at least 2, one token");
  }
}
