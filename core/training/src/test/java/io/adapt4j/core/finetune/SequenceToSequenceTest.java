package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.SmallSequenceModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.RunRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that write one text for another, from the builder to the saved folder. */
class SequenceToSequenceTest {

  @TempDir private Path folder;

  private final RunRecorder events = new RunRecorder();

  @Test
  void aModelLearnsToTranslateAndWritesTheTranslations() throws IOException {
    long before = Tensor.live();
    Path base = SmallSequenceModel.write(folder.resolve("base"), SmallSequenceModel.T5);
    FineTuneReport report = tuner(base, Task.sequenceToSequence()).build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(events.steps.get(events.steps.size() - 1).loss())
        .isLessThan(0.1 * events.steps.get(0).loss());
    try (SequenceToSequenceModel model =
        SequenceToSequenceModel.load(ModelSource.path(report.last()), Precision.FP32)) {
      assertThat(
              model.generateAll(
                  List.of("the cat sat", "the red dog ran fast"), SequenceOptions.greedy()))
          .containsExactly("a dog ran", "a blue cat sat slow");
    }
    assertThat(Tensor.live()).isEqualTo(before);
    try (Checkpoint saved = Checkpoint.open(report.last());
        Checkpoint first = Checkpoint.open(base)) {
      assertThat(saved.names()).isEqualTo(first.names());
    }
  }

  @Test
  void aRunThatWasCutGoesOnAsIfItHadNotBeen() throws IOException {
    Path base = SmallSequenceModel.write(folder.resolve("base"), SmallSequenceModel.MARIAN);
    Task task = Task.sequenceToSequence().labelSmoothing(0.1);
    Path whole = tuner(base, task).epochs(2).output(folder.resolve("whole")).build().run().last();
    Path parts = folder.resolve("parts");
    tuner(base, task)
        .epochs(2)
        .output(parts)
        .saveEvery(Interval.steps(4))
        .saveLimit(9)
        .build()
        .run();
    for (String later : List.of("step-00000012", "step-00000016")) {
      delete(parts.resolve("states").resolve(later));
    }
    Path resumed =
        tuner(base, task)
            .epochs(2)
            .output(parts)
            .saveEvery(Interval.steps(4))
            .saveLimit(9)
            .resume()
            .build()
            .run()
            .last();
    try (Checkpoint one = Checkpoint.open(whole);
        Checkpoint two = Checkpoint.open(resumed)) {
      for (String name : one.names()) {
        assertThat(two.bytes(name)).as(name).isEqualTo(one.bytes(name));
      }
    }
  }

  @Test
  void whatIsFixedInAModelStaysAsItIs() throws IOException {
    Path base = SmallSequenceModel.write(folder.resolve("base"), SmallSequenceModel.PEGASUS);
    Path tuned = tuner(base, Task.sequenceToSequence()).epochs(1).build().run().last();
    try (Checkpoint first = Checkpoint.open(base);
        Checkpoint last = Checkpoint.open(tuned)) {
      assertThat(last.bytes("final_logits_bias")).isEqualTo(first.bytes("final_logits_bias"));
      assertThat(last.bytes("model.shared.weight"))
          .isNotEqualTo(first.bytes("model.shared.weight"));
      assertThat(first.names()).doesNotContain("model.encoder.embed_positions.weight");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"t5", "marian"})
  void aPlanKnowsTheMemoryOfBothSides(String family) throws IOException {
    Path base = SmallSequenceModel.write(folder.resolve("base"), config(family));
    assertThat(tuner(base, Task.sequenceToSequence()).build().plan().peakBytes()).isPresent();
    ModelConfig read = ModelConfig.read(base);
    try (Network declared = Architectures.declare(read)) {
      ActivationMemory memory =
          new ActivationMemory(
              () -> Architectures.declare(read), TrainableSummary.everything(declared));
      long few = memory.of(new ActivationMemory.Batch(2, 16, DType.F32, false)).kept();
      assertThat(memory.of(new ActivationMemory.Batch(8, 16, DType.F32, false)).kept())
          .isBetween(3 * few, 5 * few);
      assertThat(memory.of(new ActivationMemory.Batch(2, 16, DType.F32, true)).kept())
          .isLessThan(few / 2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"t5", "marian", "pegasus"})
  void aBatchIsWrittenAsEachOfItsTextsAlone(String family) throws IOException {
    Path base = SmallSequenceModel.write(folder.resolve(family), config(family));
    List<int[]> sources =
        List.of(
            new int[] {2, 12, 6, 8, 3}, new int[] {2, 7, 3}, new int[] {2, 12, 18, 7, 9, 15, 3});
    SequenceOptions greedy = SequenceOptions.greedy();
    SequenceOptions beams =
        SequenceOptions.builder().numBeams(3).maxNewTokens(6).noRepeatNgramSize(2).build();
    try (SequenceToSequenceModel model =
        SequenceToSequenceModel.load(ModelSource.path(base), Precision.FP32)) {
      for (SequenceOptions options : List.of(greedy, beams)) {
        List<int[]> together = model.generateIds(sources, options);
        for (int i = 0; i < sources.size(); i++) {
          assertThat(model.generateIds(List.of(sources.get(i)), options).get(0))
              .isEqualTo(together.get(i));
        }
      }
    }
  }

  @Test
  void otherModelsAreRefusedWithTheClassThatLoadsThem() throws IOException {
    ModelSource sequence =
        ModelSource.path(SmallSequenceModel.write(folder.resolve("t5"), SmallSequenceModel.T5));
    ModelSource decoder = ModelSource.path(SmallModel.write(folder.resolve("llama")));
    refuses(
        CheckpointException.class, () -> LanguageModel.load(sequence), "SequenceToSequenceModel");
    refuses(
        CheckpointException.class, () -> SequenceToSequenceModel.load(decoder), "LanguageModel");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static String config(String family) {
    return switch (family) {
      case "t5" -> SmallSequenceModel.T5;
      case "marian" -> SmallSequenceModel.MARIAN;
      default -> SmallSequenceModel.PEGASUS;
    };
  }

  private FineTuner.Builder tuner(Path base, Task task) {
    Dataset all =
        Datasets.of(IntStream.range(0, 80).mapToObj(SequenceToSequenceTest::row).toList());
    int[] first = IntStream.range(0, 64).toArray();
    int[] rest = IntStream.range(64, 80).toArray();
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(new Split(all.subset(first), all.subset(rest), all.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(16)
        .learningRate(1e-2)
        .batchSize(8)
        .listener(events)
        .output(folder.resolve("run"));
  }

  /** Every word becomes its opposite. */
  private static Example row(int i) {
    String color = i / 2 % 3 == 0 ? "" : i / 2 % 3 == 1 ? " red" : " blue";
    String other = i / 2 % 3 == 0 ? "" : i / 2 % 3 == 1 ? " blue" : " red";
    boolean cat = i % 2 == 0;
    boolean sat = i / 6 % 2 == 0;
    boolean fast = i / 12 % 2 == 0;
    String end = i % 5 == 0 ? "" : fast ? " fast" : " slow";
    String otherEnd = i % 5 == 0 ? "" : fast ? " slow" : " fast";
    return new Example.PromptCompletion(
        "the" + color + (cat ? " cat" : " dog") + (sat ? " sat" : " ran") + end,
        "a" + other + (cat ? " dog" : " cat") + (sat ? " ran" : " sat") + otherEnd);
  }
}
