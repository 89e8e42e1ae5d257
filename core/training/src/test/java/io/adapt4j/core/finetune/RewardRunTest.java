package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A reward model learns which of two answers is the better one, and judges others by it. */
class RewardRunTest {

  private static final List<String> NAMES = List.of("Lily", "Tom", "Sue", "Ben", "Max", "Amy");

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
  }

  @Test
  void heldOutPairsAreToldApartAndTheFolderIsAReward() {
    List<EvaluationEvent> evaluations = new ArrayList<>();
    FineTuneReport report = train(Task.reward().centering(0.01), pairs(48), evaluations);
    Map<String, Double> metrics = evaluations.get(evaluations.size() - 1).metrics();
    assertThat(metrics.get("accuracy")).isGreaterThan(0.9);
    assertThat(metrics.get("margin")).isPositive();
    assertThat(metrics.get("calibration_error")).isBetween(0.0, 0.5);

    ModelConfig saved = ModelConfig.read(report.best());
    assertThat(saved.architectures()).containsExactly("LlamaForSequenceClassification");
    assertThat(saved.fields().positiveInt("num_labels", 0)).isEqualTo(1);
    try (RewardModel reward = RewardModel.load(ModelSource.path(report.best()))) {
      double happy = reward.score("Tom saw the sea. ", "He was happy.");
      double sad = reward.score("Tom saw the sea. ", "He was sad.");
      assertThat(happy).isGreaterThan(sad);
      assertThat(
              reward.scoreAll(
                  List.of(
                      Completion.of("Tom saw the sea. ", "He was sad."),
                      Completion.of("Tom saw the sea. ", "He was happy."))))
          .containsExactly(new double[] {sad, happy}, within(1e-4));
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 2", "2, 2", "0, 0"})
  void theWrittenFolderScoresTheTokenThatTransformersPools(int stated, int padding)
      throws IOException {
    if (stated >= 0) {
      ModelConfig.read(model).with("pad_token_id", IntNode.valueOf(stated)).save(model);
    }
    Path best = tuner(Task.reward(), pairs(8)).maxSteps(1).build().run().last();
    ModelConfig config = ModelConfig.read(best);
    assertThat(config.padTokenId()).hasValue(padding);
    String prompt = "Tom saw the sea. ";
    String completion = "He was happy.";
    try (RewardModel reward = RewardModel.load(ModelSource.path(best));
        Tokenizer tokenizer = Tokenizer.load(best)) {
      assertThat(tokenizer.padId()).hasValue(padding);
      int[] text = tokenizer.encode(prompt + completion, true);
      int[] ended = Arrays.copyOf(text, text.length + 1);
      ended[text.length] = tokenizer.eosId().getAsInt();
      int pooled = padding == ended[text.length] ? text.length - 1 : text.length;
      assertThat(reward.score(prompt, completion))
          .isCloseTo(score(best, ended, pooled), within(1e-5));
    }
  }

  /** The head on one token of a text. */
  private static double score(Path folder, int[] text, int place) {
    long[] ids = Arrays.stream(text).asLongStream().toArray();
    long[] all = new long[ids.length];
    Arrays.fill(all, 1);
    long[] upTo = new long[ids.length];
    Arrays.fill(upTo, 0, place + 1, 1);
    try (Encoder network = Architectures.declareEncoder(ModelConfig.read(folder));
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
      try (Scope scope = Scope.open();
          Positions positions = network.positions(ids, all, 1, ids.length)) {
        Ops ops = Ops.inference();
        Tensor tokens = Tensor.of(ids, 1, ids.length);
        Tensor types = Tensor.of(new long[ids.length], 1, ids.length);
        Tensor hidden = network.hidden(ops, tokens, types, positions, false);
        return network.classLogits(ops, hidden, upTo).toFloats()[0];
      }
    }
  }

  @Test
  void anEncoderIsARewardModelToo() throws IOException {
    model = SmallEncoder.write(folder.resolve("encoder"));
    List<Example> rows = new ArrayList<>();
    for (String who : List.of("cat", "dog", "red cat", "blue dog")) {
      rows.add(new Example.Preference("the " + who + " ", "ran fast", "sat slow"));
      rows.add(new Example.Preference("a " + who + " ", "ran fast", "sat slow"));
    }
    List<EvaluationEvent> evaluations = new ArrayList<>();
    FineTuneReport report = train(Task.reward(), Datasets.of(rows), evaluations);
    assertThat(ModelConfig.read(report.last()).architectures())
        .containsExactly("BertForSequenceClassification");
    try (RewardModel reward = RewardModel.load(ModelSource.path(report.last()))) {
      assertThat(reward.score("the dog ", "ran fast"))
          .isGreaterThan(reward.score("the dog ", "sat slow"));
    }
  }

  @Test
  void aPolicyLearnsFromTheRewardModel() {
    FineTuneReport trained = train(Task.reward(), pairs(32), new ArrayList<>());
    List<StepEvent> steps = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            steps.add(event);
          }
        };
    try (RewardModel reward = RewardModel.load(ModelSource.path(trained.best()))) {
      FineTuner.builder()
          .model(ModelSource.path(model))
          .task(
              Task.reinforcement(
                  Grpo.builder()
                      .reward("liked", reward)
                      .promptsPerRollout(2)
                      .groupSize(4)
                      .maxNewTokens(4)
                      .build()))
          .dataset(SmallModel.sentences(4))
          .method(FullFineTuning.create())
          .precision(Precision.FP32)
          .batchSize(8)
          .epochs(1)
          .output(folder.resolve("policy"))
          .listener(listener)
          .build()
          .run();
    }
    assertThat(steps)
        .isNotEmpty()
        .allSatisfy(step -> assertThat(step.metrics().get("reward/liked")).isFinite());
  }

  @Test
  void pairsWhoseSidesAreAlikeAreLeftOutAndCounted() {
    List<Example> rows = new ArrayList<>(examples(4));
    rows.add(new Example.Preference("Tom ran. ", "He fell.", "He fell."));
    FineTunePlan plan = tuner(Task.reward(), Datasets.of(rows)).build().plan();
    assertThat(plan.trainExamples()).isEqualTo(4);
    assertThat(plan.leftOut()).isEqualTo(1);
  }

  @Test
  void marginsAreReadFromTheRows() throws IOException {
    Path file = folder.resolve("pairs.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "Tom ran. ", "chosen": "He won.", "rejected": "He fell.", "gap": 2}
        {"prompt": "Tom sat. ", "chosen": "He won.", "rejected": "He fell.", "gap": -1}
        """);
    FineTuner tuner = tuner(Task.reward().margin("gap"), Datasets.read(file).open()).build();
    refuses(
        SettingsException.class, tuner::plan, "line 2", "'gap': expected the margin", "found -1");
  }

  @Test
  void marginsOfPairsInMemoryCountInTheLoss() {
    Dataset plain = Datasets.of(examples(4));
    Dataset wide = plain.withField("gap", List.of(3, 3, 3.0, 3L));
    double without = firstLoss(Task.reward(), wide);
    assertThat(firstLoss(Task.reward().margin("gap"), wide)).isGreaterThan(without + 2);
    Dataset none = plain.withField("gap", List.of(0, 0, 0, 0));
    assertThat(firstLoss(Task.reward().margin("gap"), none)).isEqualTo(without);
    FineTuner missing = tuner(Task.reward().margin("gap"), plain).overwriteOutput().build();
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(missing::plan)
        .withMessageContaining("row 0: field 'gap': expected the margin")
        .withMessageContaining("Dataset.withField");
  }

  private double firstLoss(Task task, Dataset rows) {
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            losses.add(event.loss());
          }
        };
    tuner(task, rows).maxSteps(1).overwriteOutput().listener(listener).build().run();
    return losses.get(0);
  }

  @Test
  void otherRowsAndOtherModelsAreRefused() {
    FineTuner tuner =
        tuner(Task.reward(), Datasets.of(List.of(new Example.Text("Tom ran.")))).build();
    refuses(SettingsException.class, tuner::run, "fields chosen, rejected");
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> RewardModel.load(ModelSource.path(model)))
        .withMessageContaining("This model generates text");
  }

  private FineTuneReport train(Task task, Dataset rows, List<EvaluationEvent> evaluations) {
    return tuner(task, rows)
        .dataset(rows.split(0.75, 0.25, 0, 1))
        .keepBest()
        .metricForBestModel("accuracy")
        .epochs(8)
        .listener(
            new TrainingListener() {
              @Override
              public void evaluated(EvaluationEvent event) {
                evaluations.add(event);
              }
            })
        .build()
        .run();
  }

  private FineTuner.Builder tuner(Task task, Dataset rows) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(task)
        .dataset(rows)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .learningRate(3e-3)
        .output(folder.resolve("reward"));
  }

  private static Dataset pairs(int count) {
    return Datasets.of(examples(count));
  }

  private static List<Example> examples(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                (Example)
                    new Example.Preference(
                        NAMES.get(i % NAMES.size()) + " saw " + i + " birds. ",
                        "All was happy.",
                        "All was sad."))
        .toList();
  }
}
