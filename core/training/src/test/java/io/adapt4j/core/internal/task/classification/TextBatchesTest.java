package io.adapt4j.core.internal.task.classification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.data.BatchSampler;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.LengthGroupedBatches;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.task.maskedlm.TokenMasking;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches of texts of similar length, and with masked tokens. */
class TextBatchesTest {

  private static final int CLS = 2;
  private static final int SEP = 3;
  private static final int MASK = 4;
  private static final int VOCABULARY = 20;

  @TempDir private Path folder;
  @AutoClose private Tokenizer tokenizer;

  @BeforeEach
  void load() throws IOException {
    tokenizer = Tokenizer.load(SmallEncoder.write(folder));
  }

  @Test
  void everyEpochHasEveryRowOnceInBatchesOfSimilarLength() {
    int[] lengths = new SplittableRandom(1).ints(500, 1, 60).toArray();
    int[][] first = epoch(lengths, 0);
    assertThat(Arrays.stream(first).flatMapToInt(Arrays::stream).sorted().toArray())
        .isEqualTo(IntStream.range(0, 500).toArray());
    assertThat((double) padded(first, lengths) / IntStream.of(lengths).sum()).isLessThan(1.1);
    assertThat(epoch(lengths, 0)).isDeepEqualTo(first);
    assertThat(Arrays.deepEquals(epoch(lengths, 1), first)).isFalse();
  }

  private static int[][] epoch(int[] lengths, int number) {
    BatchSampler batches = new LengthGroupedBatches(lengths, 8, new EpochOrder(true, 42));
    BatchSampler.Epoch epoch = batches.epoch(number);
    return IntStream.range(0, batches.count())
        .mapToObj(batch -> BatchSampler.single(epoch.batch(batch)))
        .toArray(int[][]::new);
  }

  private static int padded(int[][] batches, int[] lengths) {
    return Arrays.stream(batches)
        .mapToInt(
            rows -> rows.length * Arrays.stream(rows).map(row -> lengths[row]).max().orElse(0))
        .sum();
  }

  @Test
  void aBatchHasPaddingWeightsAndTheLabelsOfItsRows() {
    Dataset data =
        Datasets.of(
                List.of(
                    new Example.Classified("the cat sat", "a"), new Example.Classified("dog", "b")))
            .weighted(0.5, 2);
    TextEncoder encoder =
        new TextEncoder(
            tokenizer, 16, ClassificationProblem.SINGLE_LABEL, LabelSet.of(List.of("a", "b")));
    RowBatches<TextBatch> rows = encoder.rows(data, 0);
    TextBatch batch = rows.inOrder(4).epoch(0).next();
    assertThat(batch.texts().ids()).containsExactly(CLS, 12, 6, 8, SEP, CLS, 7, SEP, 0, 0);
    assertThat(batch.texts().attentionMask()).containsExactly(1, 1, 1, 1, 1, 1, 1, 1, 0, 0);
    assertThat(batch.labels()).containsExactly(0, 1);
    assertThat(batch.weights()).containsExactly(0.5f, 2);
    assertThat(batch.targets()).isEqualTo(2);
    assertThat(batch.weight()).isEqualTo(2.5);
    assertThat(rows.report().longest()).isEqualTo(5);
  }

  @Test
  void anEpochGoesOnFromAnyBatch() {
    BatchSource<Batch> batches = masked(60, 0.3, true);
    List<Batch> whole = all(batches.epoch(3));
    List<Batch> rest = all(batches.epoch(3, 4));
    assertThat(rest).hasSize(whole.size() - 4);
    for (int i = 0; i < rest.size(); i++) {
      assertThat(rest.get(i).ids()).isEqualTo(whole.get(i + 4).ids());
      assertThat(rest.get(i).labels()).isEqualTo(whole.get(i + 4).labels());
    }
  }

  @Test
  void hiddenTokensAreMaskedReplacedOrKeptAndNeverSpecial() {
    BatchSource<Batch> batches = masked(400, 0.15, true);
    int tokens = 0;
    int chosen = 0;
    int masks = 0;
    int kept = 0;
    for (int epoch = 0; epoch < 8; epoch++) {
      for (Batch batch : all(batches.epoch(epoch))) {
        for (int i = 0; i < batch.labels().length; i++) {
          boolean content = batch.attentionMask()[i] == 1;
          boolean added = batch.ids()[i] == CLS || batch.ids()[i] == SEP;
          tokens += content && !(added && batch.labels()[i] == TrainingSample.IGNORED) ? 1 : 0;
          if (batch.labels()[i] != TrainingSample.IGNORED) {
            assertThat(batch.labels()[i]).isGreaterThan(MASK);
            chosen++;
            masks += batch.ids()[i] == MASK ? 1 : 0;
            kept += batch.ids()[i] == batch.labels()[i] ? 1 : 0;
          }
        }
      }
    }
    // Every text hides at least one of its ten tokens, so a little more than 15 %.
    double expected = 0.15 + Math.pow(0.85, 10) / 10;
    assertThat((double) chosen / tokens).isCloseTo(expected, within(0.01));
    assertThat((double) masks / chosen).isCloseTo(0.8 + 0.1 / VOCABULARY, within(0.02));
    assertThat((double) kept / chosen).isCloseTo(0.1 + 0.1 / VOCABULARY, within(0.02));
  }

  @Test
  void epochsHideOtherTokensAndEvaluationsTheSame() {
    assertThat(labels(masked(10, 0.15, true), 0)).isNotEqualTo(labels(masked(10, 0.15, true), 1));
    assertThat(labels(masked(10, 0.15, false), 0)).isEqualTo(labels(masked(10, 0.15, false), 1));
  }

  @Test
  void aTokenizerWithoutMaskIsRefused() {
    try (Tokenizer stories = Tokenizer.load(TestTokenizers.stories())) {
      assertThatThrownBy(() -> new TokenMasking(stories, options(0.15)))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("mask_token");
    }
  }

  private static List<List<Long>> labels(BatchSource<Batch> batches, int epoch) {
    List<List<Long>> rows = new ArrayList<>();
    for (Batch batch : all(batches.epoch(epoch))) {
      for (int row = 0; row < batch.rows(); row++) {
        int from = row * batch.length();
        rows.add(Arrays.stream(batch.labels(), from, from + batch.length()).boxed().toList());
      }
    }
    rows.sort((a, b) -> a.toString().compareTo(b.toString()));
    return Collections.unmodifiableList(rows);
  }

  private static TokenMasking.Options options(double probability) {
    return new TokenMasking.Options(32, probability, VOCABULARY, 0, 42);
  }

  private BatchSource<Batch> masked(int rows, double probability, boolean shuffle) {
    Dataset data =
        Datasets.of(
            Collections.nCopies(rows, new Example.Text("the cat sat on a mat the red dog ran")));
    RowBatches<Batch> texts = new TokenMasking(tokenizer, options(probability)).rows(data);
    return shuffle ? texts.shuffled(8, 42) : texts.inOrder(8);
  }

  private static List<Batch> all(Iterator<Batch> batches) {
    List<Batch> all = new ArrayList<>();
    batches.forEachRemaining(all::add);
    return all;
  }
}
