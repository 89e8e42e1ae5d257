package io.adapt4j.core.internal.task.classification;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.train.ThreadGroupOfWorkers;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fit of a new classifier among several workers, and over many rows. */
class HeadWarmStartWorkersTest {

  private static final List<String> ANIMALS = List.of("cat", "dog");

  @TempDir private Path folder;
  private TaskModel model;

  @BeforeEach
  void writeModel() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    model =
        ClassificationModel.of(
            Task.classification(),
            base,
            StoredModel.read(base, WeightFormat.asStored()),
            rows(40, 0));
  }

  @Test
  void allTakeTheValuesOfTheOneThatLeads() throws Exception {
    float[] alone = fitted(WorkerGroup.ALONE, 0);
    // The others would find the opposite.
    List<float[]> found =
        ThreadGroupOfWorkers.run(2, group -> fitted(group, group.leads() ? 0 : 1));
    assertThat(found.get(0)).isEqualTo(alone);
    assertThat(found.get(1)).isEqualTo(alone);
    assertThat(fitted(WorkerGroup.ALONE, 1)).isNotEqualTo(alone);
  }

  @Test
  void ofManyRowsSomeOfEveryClassAreRead() {
    try (Tokenizer tokenizer = Tokenizer.load(model.folder())) {
      RowBatches<TextBatch> rows = textRows(tokenizer, 100, 0);
      BatchSource<TextBatch> some = HeadWarmStart.batches(rows, 25, 8);
      int read = 0;
      long first = 0;
      for (Iterator<TextBatch> batches = some.epoch(0); batches.hasNext(); ) {
        TextBatch batch = batches.next();
        read += batch.rows();
        first += Arrays.stream(batch.labels()).filter(label -> label == 0).count();
      }
      assertThat(read).isEqualTo(25);
      // Classes stand by turns: every fourth row would be of one.
      assertThat(first).isBetween(5L, 20L);
      assertThat(HeadWarmStart.batches(rows, 100, 8).count()).isEqualTo(13);
    }
  }

  private float[] fitted(WorkerGroup group, int turned) {
    try (Tokenizer tokenizer = Tokenizer.load(model.folder());
        Network network = model.load(Precision.FP32, 5)) {
      HeadWarmStart.apply(
          network,
          ClassificationProblem.SINGLE_LABEL,
          textRows(tokenizer, 40, turned),
          8,
          Methods.of(FullFineTuning.create()),
          group);
      DenseLinear dense = (DenseLinear) ((Encoder) network).classifier().linear();
      return dense.weight().value().toFloats();
    }
  }

  private RowBatches<TextBatch> textRows(Tokenizer tokenizer, int count, int turned) {
    return new TextEncoder(
            tokenizer, 32, ClassificationProblem.SINGLE_LABEL, LabelSet.of(model.labels()))
        .rows(rows(count, turned), 0);
  }

  private static Dataset rows(int count, int turned) {
    return Datasets.of(
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    new Example.Classified(
                        "the " + ANIMALS.get(i % 2) + (i % 3 == 0 ? " sat" : " ran on a mat"),
                        ANIMALS.get((i + turned) % 2)))
            .toList());
  }
}
