package io.adapt4j.core.internal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.ThreadGroupOfWorkers;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data that several processes tokenize together. */
class SharedRowFilterTest {

  private static final int ROWS = 2 * RowFilter.CHUNK + 300;
  private static final int STEP = 4;

  @AutoClose private static Tokenizer tokenizer;
  private static EncodableRows alone;

  @BeforeAll
  static void load() {
    tokenizer = Tokenizer.load(TestTokenizers.stories());
    alone = encoder().filter(dataset());
  }

  private static ExampleEncoder encoder() {
    return ExampleEncoder.builder(tokenizer, 9).overflow(Overflow.SPLIT).overlap(3).build();
  }

  private static Dataset dataset() {
    List<Example> rows =
        IntStream.range(0, ROWS)
            .<Example>mapToObj(i -> new Example.Text("very ".repeat(i * i % 23) + i))
            .toList();
    double[] weights = IntStream.range(0, ROWS).mapToDouble(i -> i % 5 == 0 ? 0.3 : 1).toArray();
    return Datasets.of(rows).weighted(weights);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void countsLengthsAndDigestAreThoseOfOneProcess(int processes) throws Exception {
    for (EncodableRows shared :
        ThreadGroupOfWorkers.run(processes, group -> encoder().filter(dataset(), group))) {
      assertThat(shared.report()).isEqualTo(alone.report());
      assertThat(shared.samples().lengths()).isEqualTo(alone.samples().lengths());
      for (int i = 0; i < alone.samples().size(); i += 97) {
        assertThat(shared.samples().get(i).labels()).isEqualTo(alone.samples().get(i).labels());
      }
    }
  }

  @Test
  void eachProcessReadsItsPartOnly() throws Exception {
    List<Integer> read =
        ThreadGroupOfWorkers.run(
            2,
            group -> {
              AtomicInteger rows = new AtomicInteger();
              encoder().filter(new Counted(dataset(), rows), group);
              return rows.get();
            });
    assertThat(read).containsExactly(RowFilter.CHUNK + 300, RowFilter.CHUNK);
  }

  @ParameterizedTest
  @EnumSource(Batching.class)
  void batchesOfOthersCountAlikeAndAreNotRead(Batching batching) throws Exception {
    List<Batch> expected = epoch(batches(alone, batching).build());
    ThreadGroupOfWorkers.run(
        3,
        group -> {
          AtomicInteger read = new AtomicInteger();
          EncodableRows shared = encoder().filter(new Counted(dataset(), read), group);
          List<Batch> found = epoch(batches(shared, batching).among(group, STEP).build());
          for (int i = 0; i < expected.size(); i++) {
            assertThat(found.get(i).targetWeight()).isEqualTo(expected.get(i).targetWeight());
            assertThat(found.get(i).tokens()).isEqualTo(expected.get(i).tokens());
            if (i % STEP % 3 == group.rank()) {
              assertThat(found.get(i).ids()).isEqualTo(expected.get(i).ids());
              assertThat(found.get(i).labels()).isEqualTo(expected.get(i).labels());
            }
          }
          // Its third of the rows, and those of its batches, which samples of a row may share.
          assertThat(read.get()).isLessThan(2 * ROWS);
          return 0;
        });
  }

  private static Batches.Builder batches(EncodableRows rows, Batching batching) {
    return Batches.of(rows).batchSize(8).batching(batching).shuffle(5);
  }

  private static List<Batch> epoch(Batches batches) {
    List<Batch> all = new ArrayList<>();
    Iterator<Batch> epoch = batches.epoch(1);
    epoch.forEachRemaining(all::add);
    return all;
  }

  @Test
  void aRowThatReadsDifferentlyIsNamed() throws Exception {
    Dataset other =
        Datasets.of(IntStream.range(0, ROWS).mapToObj(i -> new Example.Text("a")).toList());
    List<EncodableRows> shared =
        ThreadGroupOfWorkers.run(
            2, group -> encoder().filter(group.rank() == 0 ? dataset() : other, group));
    int foreign = shared.get(1).samples().lengths().length / 4;
    assertThatThrownBy(() -> shared.get(1).samples().get(foreign))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("other tokens")
        .hasMessageContaining("give all workers the same");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 55, 56, 63, 64, 65, 1000})
  void theDigestIsThatOfThePlatformAlsoWhenHandedOver(int length) {
    byte[] text = "x".repeat(length).getBytes(StandardCharsets.UTF_8);
    PortableSha256 first = new PortableSha256();
    first.update(text, 0, length / 3);
    PortableSha256 second = new PortableSha256();
    second.restore(first.state());
    second.update(text, length / 3, length - length / 3);
    assertThat(second.digest()).isEqualTo(FileDigest.sha256().digest(text));
    second.update(text);
    assertThat(second.digest()).isEqualTo(FileDigest.sha256().digest(text));
  }

  /** Counts the rows that are read. */
  private record Counted(Dataset rows, AtomicInteger read) implements Dataset {

    @Override
    public String name() {
      return rows.name();
    }

    @Override
    public int size() {
      return rows.size();
    }

    @Override
    public Example get(int row) {
      read.incrementAndGet();
      return rows.get(row);
    }

    @Override
    public double weight(int row) {
      return rows.weight(row);
    }
  }
}
