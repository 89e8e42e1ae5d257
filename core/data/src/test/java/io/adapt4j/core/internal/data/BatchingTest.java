package io.adapt4j.core.internal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ways to put samples together: packed into rows, grouped by length. */
class BatchingTest {

  private static final int ROWS = 211;
  private static final int LIMIT = 40;
  private static final int BATCH = 4;

  @AutoClose private static Tokenizer tokenizer;
  private static ExampleEncoder encoder;
  private static EncodableRows rows;

  @BeforeAll
  static void load() {
    tokenizer = Tokenizer.load(TestTokenizers.stories());
    encoder = ExampleEncoder.builder(tokenizer, LIMIT).build();
    rows = encoder.filter(dataset());
  }

  /** Texts of ragged lengths, each with its own number. */
  private static Dataset dataset() {
    return Datasets.of(
        IntStream.range(0, ROWS)
            .mapToObj(i -> new Example.Text("very ".repeat(i * i % 23) + i))
            .toList());
  }

  private static Batches.Builder batches(Batching batching) {
    return Batches.of(rows).batchSize(BATCH).batching(batching);
  }

  private static List<Batch> epoch(Batches batches, int epoch) {
    List<Batch> all = new ArrayList<>();
    batches.epoch(epoch).forEachRemaining(all::add);
    return all;
  }

  /** The samples of a batch as text, row by row. */
  private static List<String> texts(Batch batch) {
    List<String> texts = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      int at = row * batch.length();
      int[] lengths =
          batch.documents().length > 0
              ? batch.documents()[row]
              : new int[] {
                (int) Arrays.stream(batch.attentionMask(), at, at + batch.length()).sum()
              };
      for (int length : lengths) {
        int[] ids =
            Arrays.stream(batch.ids(), at, at + length).mapToInt(Math::toIntExact).toArray();
        texts.add(tokenizer.decode(ids, true));
        at += length;
      }
    }
    return texts;
  }

  private static List<String> texts(List<Batch> batches) {
    return batches.stream().flatMap(batch -> texts(batch).stream()).toList();
  }

  private static List<String> allTexts() {
    return IntStream.range(0, ROWS)
        .mapToObj(i -> ((Example.Text) rows.dataset().get(i)).text())
        .toList();
  }

  @ParameterizedTest
  @EnumSource(Batching.class)
  void everyEpochHasEverySampleOnceInAnOrderOfItsOwn(Batching batching) {
    Batches batches = batches(batching).shuffle(5).build();
    List<String> first = texts(epoch(batches, 0));
    List<String> second = texts(epoch(batches, 1));
    assertThat(first).containsExactlyInAnyOrderElementsOf(allTexts());
    assertThat(second).containsExactlyInAnyOrderElementsOf(allTexts()).isNotEqualTo(first);
    assertThat(texts(epoch(batches(batching).shuffle(5).build(), 0))).isEqualTo(first);
    assertThat(texts(epoch(batches(batching).shuffle(6).build(), 0))).isNotEqualTo(first);
    assertThat(epoch(batches, 0)).hasSize(batches.count());
    assertThat(epoch(batches, 7)).hasSize(batches.count());
  }

  @ParameterizedTest
  @EnumSource(Batching.class)
  void resumesAtAnyBatch(Batching batching) {
    Batches batches = batches(batching).shuffle(5).build();
    List<Batch> whole = epoch(batches, 2);
    for (int first = 0; first <= batches.count(); first += 3) {
      List<Batch> rest = new ArrayList<>();
      batches.epoch(2, first).forEachRemaining(rest::add);
      assertThat(texts(rest)).isEqualTo(texts(whole.subList(first, whole.size())));
    }
  }

  @ParameterizedTest
  @EnumSource(Batching.class)
  void predictsTheSameNumberOfTokensHoweverBatched(Batching batching) {
    List<Batch> all = epoch(batches(batching).shuffle(5).build(), 0);
    assertThat(all.stream().mapToLong(Batch::targetTokens).sum())
        .isEqualTo(rows.report().targetTokens());
    assertThat(all.stream().mapToLong(Batch::tokens).sum()).isEqualTo(rows.report().tokens());
  }

  @Test
  void packedRowsAreNearlyFullAndWithinTheLimit() {
    List<Batch> all = epoch(batches(Batching.PACKED).shuffle(5).build(), 0);
    long places = 0;
    for (Batch batch : all) {
      assertThat(batch.length()).isLessThanOrEqualTo(LIMIT);
      places += batch.ids().length;
    }
    assertThat((double) rows.report().tokens() / places).isGreaterThan(0.95);
    long padded =
        epoch(batches(Batching.PADDED).shuffle(5).build(), 0).stream()
            .mapToLong(batch -> batch.ids().length)
            .sum();
    long grouped =
        epoch(batches(Batching.BY_LENGTH).shuffle(5).build(), 0).stream()
            .mapToLong(batch -> batch.ids().length)
            .sum();
    assertThat(grouped).isLessThan(padded * 4 / 5);
    assertThat(places).isLessThan(padded);
  }

  @Test
  void nothingPredictsTheFirstTokenOfAPackedSample() {
    for (Batch batch : epoch(batches(Batching.PACKED).build(), 0)) {
      for (int row = 0; row < batch.rows(); row++) {
        int at = row * batch.length();
        for (int length : batch.documents()[row]) {
          assertThat(batch.labels()[at]).isEqualTo(TrainingSample.IGNORED);
          assertThat(batch.ids()[at]).isEqualTo(1);
          assertThat(batch.labels()[at + length - 1]).isEqualTo(2);
          at += length;
        }
        assertThat(Arrays.stream(batch.attentionMask(), at, (row + 1) * batch.length()).sum())
            .isZero();
      }
    }
  }

  @Test
  void byLengthWithoutShufflingBeginsWithTheLongest() {
    List<Integer> lengths =
        epoch(batches(Batching.BY_LENGTH).build(), 0).stream().map(Batch::length).toList();
    assertThat(lengths).isSortedAccordingTo((a, b) -> b - a);
    int shuffledFirst = batches(Batching.BY_LENGTH).shuffle(5).build().epoch(3).next().length();
    assertThat(shuffledFirst).isEqualTo(rows.report().longest());
  }

  @Test
  void weightsFollowTheirSamplesAndMakeTheDivisor() {
    double[] weights = IntStream.range(0, ROWS).mapToDouble(i -> 1 + i % 3).toArray();
    EncodableRows weighted = encoder.filter(dataset().weighted(weights));
    double expected = 0;
    for (int i = 0; i < ROWS; i++) {
      expected += weights[i] * weighted.samples().get(i).targetTokens();
    }
    for (Batching batching : Batching.values()) {
      Batches batches = Batches.of(weighted).batching(batching).shuffle(1).build();
      double sum = epoch(batches, 0).stream().mapToDouble(Batch::targetWeight).sum();
      assertThat(sum).isCloseTo(expected, within(1e-6));
    }
    assertThat(weighted.report().digest()).isNotEqualTo(rows.report().digest());
    Batch plain = batches(Batching.PACKED).build().epoch(0).next();
    assertThat(plain.weights()).isEmpty();
    assertThat(plain.targetWeight()).isEqualTo((double) plain.targetTokens());
  }

  @Test
  void samplesAreTheSameFromMemoryAndTokenizedAgain() {
    ExampleEncoder splitting =
        ExampleEncoder.builder(tokenizer, 12).overflow(Overflow.SPLIT).overlap(3).build();
    EncodableRows remembered = new RowFilter(dataset(), splitting, Long.MAX_VALUE).run();
    EncodableRows forgotten = new RowFilter(dataset(), splitting, 400).run();
    assertThat(forgotten.report()).isEqualTo(remembered.report());
    assertThat(forgotten.samples().size()).isGreaterThan(ROWS);
    for (int i = 0; i < forgotten.samples().size(); i++) {
      TrainingSample wanted = remembered.samples().get(i);
      assertThat(forgotten.samples().get(i).ids()).isEqualTo(wanted.ids());
      assertThat(forgotten.samples().get(i).labels()).isEqualTo(wanted.labels());
      assertThat(forgotten.samples().length(i)).isEqualTo(wanted.length());
    }
  }

  @Test
  void packedRowsGoOnFromAnyBatch() {
    Iterator<Batch> ended = batches(Batching.PACKED).build().epoch(0, rows.report().kept() / 100);
    assertThat(ended.hasNext()).isTrue();
  }
}
