package io.adapt4j.lora;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.lora.StackCase.ORDER;
import static io.adapt4j.lora.StackCase.REPLICATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.TrainingWarning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stacked layers in tasks other than next tokens, and with what else works on adapters. */
class LayerReplicationTasksTest {

  private static final List<String> ANIMALS = List.of("cat", "dog");

  private static final Lora THREE =
      Lora.rank(2).layerReplication(new int[] {0, 1}, new int[] {0, 2});

  @TempDir private Path folder;

  private FineTuneReport run(Path base, Task task, List<Example> rows) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(Datasets.of(rows))
        .method(THREE)
        .precision(Precision.FP32)
        .learningRate(0.01)
        .batchSize(4)
        .maxSteps(3)
        .output(folder.resolve("run"))
        .build()
        .run();
  }

  @Test
  void aClassifierIsSavedWithTheLayersOfItsBaseAndLoadedWithThoseOfTheStack() throws IOException {
    long before = Tensor.live();
    Path base = SmallEncoder.write(folder.resolve("base"));
    List<Example> rows =
        IntStream.range(0, 8)
            .<Example>mapToObj(
                i ->
                    new Example.Classified(
                        "the red " + ANIMALS.get(i % 2), List.of(ANIMALS.get(i % 2))))
            .toList();
    FineTuneReport report = run(base, Task.classification(), rows);
    assertThat(ModelConfig.read(report.last()).fields().requirePositiveInt("num_hidden_layers"))
        .isEqualTo(2);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(report.last()).writeMerged(base, merged);
    assertThat(ModelConfig.read(merged).fields().requirePositiveInt("num_hidden_layers"))
        .isEqualTo(3);
    try (TextClassifier adapted =
            TextClassifier.load(
                ModelSource.path(base), Precision.FP32, LoraAdapter.at(report.last()));
        TextClassifier found = TextClassifier.load(ModelSource.path(merged), Precision.FP32)) {
      assertThat(found.classify("a blue dog").score())
          .isCloseTo(adapted.classify("a blue dog").score(), within(1e-5));
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void anEmbedderHasTheLayersOfTheStack() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    List<Example> rows =
        List.of(
            new Example.QueryPassage("a cat", "the cat", List.of()),
            new Example.QueryPassage("a dog", "the dog", List.of()));
    FineTuneReport report = run(base, Task.embeddings(), rows);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(report.last()).writeMerged(base, merged);
    try (TextEmbedder adapted =
            TextEmbedder.load(
                ModelSource.path(base), Precision.FP32, LoraAdapter.at(report.last()));
        TextEmbedder found = TextEmbedder.load(ModelSource.path(merged), Precision.FP32)) {
      assertThat(found.embed("a red dog"))
          .usingComparatorWithPrecision(1e-5f)
          .containsExactly(adapted.embed("a red dog"));
    }
  }

  @Test
  void aPlanCountsTheAdaptersOfAllLayersAndTheWeightsOnce() throws IOException {
    Path model = SmallModel.write(folder.resolve("small"));
    FineTunePlan stacked = plan(model, THREE);
    FineTunePlan stored = plan(model, Lora.rank(2));
    assertThat(stacked.trainableParameters() * 2).isEqualTo(stored.trainableParameters() * 3);
    assertThat(stacked.totalParameters()).isEqualTo(stored.totalParameters());
  }

  private FineTunePlan plan(Path model, Lora lora) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .dataset(SmallModel.sentences(16))
        .method(lora)
        .output(folder.resolve("planned"))
        .build()
        .plan();
  }

  @Test
  void everyModuleOfEachCopyLearnsFromTheFirstStepOn() throws IOException {
    Path model = SmallModel.write(folder.resolve("small"));
    for (Lora lora : List.of(THREE, THREE.initialize(LoraInit.eva()))) {
      Path output = folder.resolve(lora.config().initial().peftName());
      FineTuneReport report = StackCase.run(model, lora, output, 2);
      assertThat(report.warnings())
          .noneMatch(warning -> warning.kind() == TrainingWarning.Kind.NO_GRADIENT);
      StackCase.scores(model, report.last());
    }
  }

  @Test
  void whatKnowsNoStacksRefusesTheAdapterAndSaysWhatToUse() throws IOException {
    Path base = StackCase.write(folder.resolve("base"));
    Path stacked = StackCase.adapter(base, REPLICATED, folder.resolve("stacked"));
    Path plain = StackCase.adapter(base, Lora.rank(2), folder.resolve("plain"));
    refuses(
        CheckpointException.class,
        () ->
            ModelMerge.of(MergeMethod.mergekit(Algorithm.TIES))
                .base(base)
                .and(base, LoraAdapter.at(stacked), 1)
                .write(folder.resolve("out")),
        "layer_replication [[0, 2], [1, 3]]",
        "LoraAdapter.writeMerged");
    refuses(
        IllegalArgumentException.class,
        () ->
            AdapterMix.of(LoraAdapter.at(stacked), 1)
                .and(LoraAdapter.at(plain), 1)
                .writeLinear(folder.resolve("out")),
        "'plain' stacks the model's layers in another order than 'stacked'");
    AdapterMix.of(LoraAdapter.at(stacked), 0.25)
        .and(LoraAdapter.at(stacked), 0.25)
        .writeLinear(folder.resolve("mix"));
    assertThat(LoraCase.config(folder.resolve("mix")).get("layer_replication"))
        .hasSize(ORDER.size() / 2);
    StackCase.assertClose(
        StackCase.scores(base, folder.resolve("mix")), StackCase.scores(base, stacked));
  }
}
