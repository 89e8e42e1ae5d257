package io.adapt4j.core.internal.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BatchesTest {

  private static final int ROWS = 23;

  @AutoClose private static Tokenizer tokenizer;
  private static ExampleEncoder encoder;
  private static Dataset dataset;

  @BeforeAll
  static void load() {
    tokenizer = Tokenizer.load(TestTokenizers.stories());
    encoder = ExampleEncoder.builder(tokenizer, 64).build();
    dataset =
        Datasets.of(
            IntStream.range(0, ROWS)
                .mapToObj(i -> new Example.Text("x".repeat(i + 1) + " is " + i))
                .toList());
  }

  private static List<String> texts(Iterator<Batch> batches) {
    List<String> texts = new ArrayList<>();
    while (batches.hasNext()) {
      Batch batch = batches.next();
      for (int row = 0; row < batch.rows(); row++) {
        int[] ids =
            Arrays.stream(batch.ids(), row * batch.length(), (row + 1) * batch.length())
                .mapToInt(Math::toIntExact)
                .toArray();
        texts.add(tokenizer.decode(ids, true));
      }
    }
    return texts;
  }

  private static List<String> allTexts() {
    return IntStream.range(0, ROWS).mapToObj(i -> ((Example.Text) dataset.get(i)).text()).toList();
  }

  @Test
  void keepsTheOrderUnlessShuffled() {
    Batches batches = Batches.of(encoder.filter(dataset)).batchSize(5).build();
    assertThat(batches.count()).isEqualTo(5);
    assertThat(texts(batches.epoch(0))).isEqualTo(allTexts());
    assertThat(texts(batches.epoch(3))).isEqualTo(allTexts());
  }

  @Test
  void everyEpochHasEveryRowInAnOrderOfItsOwn() {
    Batches batches = Batches.of(encoder.filter(dataset)).batchSize(5).shuffle(9).build();
    List<String> first = texts(batches.epoch(0));
    List<String> second = texts(batches.epoch(1));
    assertThat(first).containsExactlyInAnyOrderElementsOf(allTexts()).isNotEqualTo(allTexts());
    assertThat(second).containsExactlyInAnyOrderElementsOf(allTexts()).isNotEqualTo(first);
    assertThat(texts(batches.epoch(0))).isEqualTo(first);
    assertThat(texts(Batches.of(encoder.filter(dataset)).batchSize(5).shuffle(10).build().epoch(0)))
        .isNotEqualTo(first)
        .isNotEqualTo(second);
  }

  @Test
  void resumesAtAnyBatch() {
    Batches batches = Batches.of(encoder.filter(dataset)).batchSize(4).shuffle(9).build();
    List<String> whole = texts(batches.epoch(2));
    for (int first = 0; first <= batches.count(); first++) {
      assertThat(texts(batches.epoch(2, first)))
          .isEqualTo(whole.subList(Math.min(4 * first, ROWS), ROWS));
    }
    assertThatThrownBy(() -> batches.epoch(0, 7)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> batches.epoch(-1)).hasMessageContaining("-1");
  }

  @Test
  void readsNoRowsBeforeTheirBatch() {
    List<Integer> read = new ArrayList<>();
    Dataset watched =
        new Dataset() {
          @Override
          public String name() {
            return "watched";
          }

          @Override
          public int size() {
            return dataset.size();
          }

          @Override
          public Example get(int row) {
            read.add(row);
            return dataset.get(row);
          }
        };
    EncodableRows rows = new RowFilter(watched, encoder, /* bytes= */ 0).run();
    read.clear();
    Iterator<Batch> epoch = Batches.of(rows).batchSize(3).build().epoch(0, 2);
    assertThat(read).isEmpty();
    epoch.next();
    assertThat(read).containsExactly(6, 7, 8);
  }

  @Test
  void padsOnTheRightWithMaskedIdsAndNoLabels() {
    Batches batches = Batches.of(encoder.filter(dataset)).batchSize(4).shuffle(1).build();
    Iterator<Batch> epoch = batches.epoch(0);
    while (epoch.hasNext()) {
      Batch batch = epoch.next();
      long longest = 0;
      for (int row = 0; row < batch.rows(); row++) {
        int start = row * batch.length();
        int end = start + batch.length();
        long tokens = Arrays.stream(batch.attentionMask(), start, end).sum();
        longest = Math.max(longest, tokens);
        for (int i = start; i < end; i++) {
          boolean token = i - start < tokens;
          assertThat(batch.attentionMask()[i]).isEqualTo(token ? 1 : 0);
          if (!token) {
            assertThat(batch.ids()[i]).isEqualTo(tokenizer.paddingId());
            assertThat(batch.labels()[i]).isEqualTo(TrainingSample.IGNORED);
          }
        }
        assertThat(batch.ids()[start + (int) tokens - 1]).isEqualTo(2);
      }
      assertThat(batch.length()).isEqualTo(longest);
      assertThat(batch.targetTokens()).isEqualTo(batch.tokens() - batch.rows());
    }
  }

  @Test
  void countsPredictedTokens() {
    TrainingSample whole = new TrainingSample(new int[] {1, 5, 6}, new int[] {1, 5, 6});
    TrainingSample part = new TrainingSample(new int[] {1, 5}, new int[] {-100, 5});
    Batch batch = Collator.pad(List.of(whole, part), 0, PaddingSide.RIGHT);
    assertThat(batch.targetTokens()).isEqualTo(3);
    assertThat(batch.tokens()).isEqualTo(5);
    assertThat(Collator.pad(List.of(whole, part), 0, PaddingSide.LEFT).targetTokens()).isEqualTo(3);
    refuses(IllegalArgumentException.class, () -> Collator.pad(List.of(), 0, PaddingSide.LEFT));
  }

  @Test
  void refusesRowsThatCannotBeTrainedOn() {
    Dataset rows =
        Datasets.of(List.of(new Example.PromptCompletion("Once upon a time", " there was")));
    ExampleEncoder tight = ExampleEncoder.builder(tokenizer, 4).build();
    assertThatThrownBy(() -> Batches.of(tight.filter(rows))).hasMessageContaining("no rows");
    assertThatThrownBy(() -> Batches.of(encoder.filter(rows)).batchSize(0))
        .hasMessageContaining("found 0");
  }
}
