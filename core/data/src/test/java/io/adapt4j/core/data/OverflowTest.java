package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of examples that are longer than the limit. */
class OverflowTest {

  private static final int BOS = 1;
  private static final int EOS = 2;
  private static final Example.Text LONG =
      new Example.Text("Once upon a time there was a little girl who liked to play with her dog");

  @AutoClose private static final Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories());

  @TempDir Path folder;

  private static int[] whole() {
    return encoder(512, Overflow.FAIL).build().encode(LONG).samples().get(0).ids();
  }

  private static ExampleEncoder.Builder encoder(int maxLength, Overflow overflow) {
    return ExampleEncoder.builder(tokenizer, maxLength).overflow(overflow);
  }

  @Test
  void truncatedOnTheLeftKeepsBosAndTheEnd() {
    EncodedRow<TrainingSample> kept = encoder(6, Overflow.TRUNCATE_LEFT).build().encode(LONG);
    int[] whole = whole();
    assertThat(kept.fate()).isEqualTo(RowFate.TRUNCATED);
    assertThat(kept.sample().ids()[0]).isEqualTo(BOS);
    assertThat(Arrays.copyOfRange(kept.sample().ids(), 1, 6))
        .isEqualTo(Arrays.copyOfRange(whole, whole.length - 5, whole.length));
    assertThat(kept.sample().ids()[5]).isEqualTo(EOS);
    assertThat(kept.sample().labels()).isEqualTo(kept.sample().ids());
  }

  @Test
  void truncatedOnTheLeftKeepsTheCompletionThatTruncatedOnTheRightLoses() {
    Example pair = new Example.PromptCompletion("Once upon a time there was a", " dog");
    EncodedRow<TrainingSample> right = encoder(8, Overflow.TRUNCATE_RIGHT).build().encode(pair);
    assertThat(right.fate().isKept()).isFalse();
    TrainingSample left = encoder(8, Overflow.TRUNCATE_LEFT).build().encode(pair).samples().get(0);
    assertThat(left.length()).isEqualTo(8);
    assertThat(left.targetTokens()).isGreaterThan(1);
    assertThat(left.labels()[1]).isEqualTo(TrainingSample.IGNORED);
  }

  @ParameterizedTest
  @CsvSource({"6,1", "6,4", "9,3", "20,1", "24,10"})
  void everyTokenOfASplitTextIsPredictedOnceWithItsContext(int maxLength, int overlap) {
    int[] whole = whole();
    List<TrainingSample> parts =
        encoder(maxLength, Overflow.SPLIT).overlap(overlap).build().encode(LONG).samples();
    List<Integer> predicted = new ArrayList<>();
    int done = 1;
    for (TrainingSample part : parts) {
      assertThat(part.length()).isLessThanOrEqualTo(maxLength);
      assertThat(part.ids()[0]).isEqualTo(BOS);
      int context = done == 1 ? 0 : overlap;
      assertThat(Arrays.copyOfRange(part.ids(), 1, part.length()))
          .isEqualTo(Arrays.copyOfRange(whole, done - context, done - context + part.length() - 1));
      for (int i = 1; i < part.length(); i++) {
        if (part.labels()[i] != TrainingSample.IGNORED) {
          predicted.add(part.labels()[i]);
        }
      }
      done += part.length() - 1 - context;
    }
    assertThat(predicted).isEqualTo(Arrays.stream(whole).skip(1).boxed().toList());
  }

  @Test
  void partsOfASplitExampleWithNothingToLearnAreLeftOut() {
    Example pair = new Example.PromptCompletion("Once upon a time there was a girl", " and a dog");
    EncodedRow<TrainingSample> split = encoder(6, Overflow.SPLIT).build().encode(pair);
    assertThat(split.fate()).isEqualTo(RowFate.SPLIT);
    assertThat(split.samples()).allMatch(part -> part.targetTokens() > 0);
    int targets = split.samples().stream().mapToInt(TrainingSample::targetTokens).sum();
    TrainingSample whole = encoder(512, Overflow.FAIL).build().encode(pair).samples().get(0);
    assertThat(targets).isEqualTo(whole.targetTokens());
    assertThat(split.samples().size() * 5).isLessThan(whole.length());
  }

  @Test
  void reportsCountWhatWasCutAndSplit() {
    Dataset rows = Datasets.of(List.of(LONG, new Example.Text("Once"), LONG));
    EncodingReport split = encoder(8, Overflow.SPLIT).build().filter(rows).report();
    assertThat(split.kept()).isEqualTo(3);
    assertThat(split.split()).isEqualTo(2);
    assertThat(split.truncated()).isZero();
    int parts = encoder(8, Overflow.SPLIT).build().encode(LONG).samples().size();
    assertThat(split.samples()).isEqualTo(2 * parts + 1);
    assertThat(split.targetTokens()).isEqualTo(2L * (whole().length - 1) + 2);
    EncodingReport left = encoder(8, Overflow.TRUNCATE_LEFT).build().filter(rows).report();
    assertThat(left.truncated()).isEqualTo(2);
    assertThat(left.samples()).isEqualTo(3);
  }

  @Test
  void overlapMustLeaveRoom() {
    for (int overlap : new int[] {0, 7}) {
      assertThatThrownBy(() -> encoder(8, Overflow.SPLIT).overlap(overlap).build())
          .hasMessageContaining("from 1 to maxLength - 2 = 6, found " + overlap);
    }
  }

  @Test
  void aFolderOfRawTextBecomesFullRowsThatLearnEveryTokenOnce() throws Exception {
    for (int i = 0; i < 5; i++) {
      String text = LONG.text() + ". ";
      Files.writeString(
          folder.resolve("part" + i + ".txt"), text.repeat(1 + 3 * i), StandardCharsets.UTF_8);
    }
    Dataset texts = Datasets.read(folder).format(Format.TEXT).open();
    ExampleEncoder unlimited = encoder(1 << 16, Overflow.FAIL).build();
    long targets =
        IntStream.range(0, texts.size())
            .mapToLong(row -> unlimited.encode(texts.get(row)).samples().get(0).targetTokens())
            .sum();
    EncodableRows rows = encoder(64, Overflow.SPLIT).overlap(16).build().filter(texts);
    assertThat(rows.report().targetTokens()).isEqualTo(targets);
    assertThat(rows.report().longest()).isEqualTo(64);
    List<Batch> packed = new ArrayList<>();
    Batches.of(rows)
        .batchSize(2)
        .batching(Batching.PACKED)
        .build()
        .epoch(0)
        .forEachRemaining(packed::add);
    assertThat(packed.stream().mapToLong(Batch::targetTokens).sum()).isEqualTo(targets);
  }
}
