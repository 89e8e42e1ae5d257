package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.plan.RolloutPlan;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.ImportanceCorrection;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.reinforce.Vespo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A policy learns from rewards of its own completions, in the trainer of every task. */
class PolicyRunTest {

  /** The share of a letter: easy to raise, and never the same for all of a group. */
  private static final RewardFunction LETTERS =
      (prompt, completion, fields) ->
          completion.isEmpty()
              ? 0
              : completion.chars().filter(c -> c == 'e').count() / (double) completion.length();

  private static final String PROMPT = "Once upon a time Lily saw";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
  }

  static List<Reinforcement> algorithms() {
    return List.of(
        Grpo.builder()
            .reward("letters", LETTERS)
            .promptsPerRollout(2)
            .groupSize(4)
            .maxNewTokens(6)
            .passes(2)
            .build(),
        Grpo.builder()
            .reward("letters", LETTERS)
            .promptsPerRollout(2)
            .groupSize(4)
            .maxNewTokens(6)
            .passes(2)
            .objective(new Vespo())
            .importanceCorrection(
                new ImportanceCorrection(ImportanceCorrection.Form.TOKEN_TRUNCATED, 2))
            .entropyCoefficient(0.01)
            .topEntropy(0.8)
            .dynamicSampling(1)
            .build(),
        Ppo.builder()
            .reward("letters", LETTERS)
            .promptsPerRollout(8)
            .maxNewTokens(6)
            .passes(2)
            .adaptiveKl(0.05, 1, 100)
            .whitenRewards()
            .build());
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void aRunStoppedBetweenTheUpdatesOfARolloutGoesOnToTheBit(Reinforcement algorithm)
      throws IOException {
    Log whole = new Log();
    FineTuneReport expected = tuner(folder.resolve("whole"), algorithm, whole).build().run();

    Path cut = folder.resolve("cut");
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 3) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner(cut, algorithm, stop).build();
    assertThat(running[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    Log rest = new Log();
    FineTuneReport found = tuner(cut, algorithm, rest).resume().build().run();

    assertThat(rest.losses).isEqualTo(whole.losses.tailMap(4));
    assertThat(rest.rewards).isEqualTo(whole.rewards.tailMap(4));
    assertThat(Files.readAllBytes(found.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.last().resolve("model.safetensors")));
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void stepsAndEvaluationsReportWhatHappened(Reinforcement algorithm) {
    Log log = new Log();
    tuner(folder.resolve("run"), algorithm, log).build().run();
    assertThat(log.steps.get(0).metrics())
        .containsKeys(
            words(
                "reward reward_std reward/letters kl entropy clip_fraction ratio_overflows",
                "truncated undefined length seconds_generating"))
        .hasEntrySatisfying("length", length -> assertThat(length).isBetween(1.0, 6.0));
    EvaluationEvent first = log.evaluations.get(0);
    assertThat(first.metrics())
        .hasEntrySatisfying("kl", kl -> assertThat(kl).isCloseTo(0, within(1e-5)))
        .hasEntrySatisfying("reward", reward -> assertThat(reward).isEqualTo(-first.loss()));
    assertThat(log.evaluations.get(log.evaluations.size() - 1).metrics().get("kl")).isPositive();
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void aRunLeavesNothingInNativeMemory(Reinforcement algorithm) {
    tuner(folder.resolve("first"), algorithm, new Log()).build().run();
    long before = Tensor.live();
    tuner(folder.resolve("second"), algorithm, new Log()).build().run();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  static List<Reinforcement> learners() {
    return List.of(
        Grpo.builder()
            .reward("letters", LETTERS)
            .promptsPerRollout(4)
            .groupSize(8)
            .maxNewTokens(6)
            .build(),
        Ppo.builder()
            .reward("letters", LETTERS)
            .promptsPerRollout(32)
            .maxNewTokens(6)
            .passes(2)
            .klCoefficient(0.001)
            .build());
  }

  @ParameterizedTest
  @MethodSource("learners")
  void theRewardRises(Reinforcement algorithm) {
    Log log = new Log();
    tuner(folder.resolve("run"), algorithm, log)
        .batchSize(16)
        .epochs(20)
        .learningRate(1e-2)
        .evaluateEvery(Interval.steps(1000))
        .build()
        .run();
    double first = log.meanReward(0, 8);
    double last = log.meanReward(log.steps.size() - 8, log.steps.size());
    assertThat(last).isGreaterThan(first + 0.1);
  }

  @Test
  void firstUpdatesOfARolloutAreOnPolicy() {
    Log log = new Log();
    Grpo grpo =
        grpo().reward("letters", LETTERS).groupSize(4).promptsPerRollout(2).passes(2).build();
    tuner(folder.resolve("run"), grpo, log).batchSize(8).gradientAccumulation(1).build().run();
    assertThat(log.steps.get(0).metrics().get("clip_fraction")).isZero();
    assertThat(log.steps.get(0).loss()).isCloseTo(0, within(1e-4));
  }

  @Test
  void groupsWhoseRewardsAreAlikeTeachNothingAndAreCounted() throws IOException {
    Log log = new Log();
    Grpo grpo = grpo().reward("same", (p, c, f) -> 1).klCoefficient(0).build();
    FineTuneReport report = tuner(folder.resolve("run"), grpo, log).weightDecay(0).build().run();
    assertThat(log.steps)
        .allSatisfy(
            step -> {
              assertThat(step.metrics()).containsEntry("zero_variance", 1.0);
              assertThat(step.loss()).isZero();
            });
    assertThat(Files.readAllBytes(report.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(model.resolve("model.safetensors")));
  }

  @Test
  void completionsThatCannotBeJudgedAreLeftOutAndCounted() {
    Log log = new Log();
    RewardFunction some =
        (prompt, completion, fields) ->
            completion.length() % 2 == 0 ? Double.NaN : completion.length();
    tuner(folder.resolve("run"), grpo().reward("some", some).build(), log).build().run();
    assertThat(log.steps)
        .anySatisfy(step -> assertThat(step.metrics().get("undefined")).isBetween(0.01, 0.99))
        .allSatisfy(step -> assertThat(step.loss()).isFinite());
  }

  @Test
  void rewardsThatJudgeNothingEndTheRunByName() {
    FineTuner tuner =
        tuner(
                folder.resolve("run"),
                grpo().reward("broken", (p, c, f) -> Double.POSITIVE_INFINITY).build(),
                new Log())
            .build();
    refuses(TrainingException.class, tuner::run, "broken", "Correct the functions");
  }

  @Test
  void aRewardThatFailsIsNamed() {
    RewardFunction failing =
        (prompt, completion, fields) -> {
          throw new IllegalStateException("no judge today");
        };
    FineTuner tuner =
        tuner(folder.resolve("run"), grpo().reward("judge", failing).build(), new Log()).build();
    refuses(TrainingException.class, tuner::run, "The reward 'judge' failed", "no judge today");
  }

  @Test
  void maskedTruncatedCompletionsTeachNothing() {
    Log log = new Log();
    Grpo grpo =
        grpo().reward("letters", LETTERS).maxNewTokens(1).maskTruncated().klCoefficient(0).build();
    tuner(folder.resolve("run"), grpo, log).build().run();
    assertThat(log.steps)
        .filteredOn(step -> step.metrics().get("truncated") == 1)
        .isNotEmpty()
        .allSatisfy(step -> assertThat(step.targetTokens()).isZero());
  }

  @Test
  void aPlanTimesRolloutsWithTheirSteps() {
    FineTuner tuner =
        tuner(folder.resolve("run"), grpo().reward("letters", LETTERS).build(), new Log()).build();
    FineTunePlan plan = tuner.plan(Device.machine(), 3);
    assertThat(plan.steps()).isEqualTo(8);
    assertThat(plan.timed().orElseThrow().steps()).isEqualTo(4);
    assertThat(plan.timed().orElseThrow().secondsPerStep()).isPositive();
    assertThat(plan.timed().orElseThrow().evaluationSeconds()).isPositive();
  }

  @Test
  void theForecastHoldsKeysValuesAndASecondNetworkWhereTheBaseTrains() {
    Grpo grpo = grpo().reward("letters", LETTERS).build();
    MemoryEstimate memory = memory(grpo);
    assertThat(memory.lasting(MemoryNames.REFERENCE))
        .isEqualTo(memory.lasting(MemoryNames.WEIGHTS));
    int longest;
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      longest = tokenizer.encode(PROMPT, true).length;
    }
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(model))) {
      assertThat(phase(memory, "generation"))
          .contains(
              new MemoryItem("keys and values", decoder.cacheBytes(8, longest + 5, DType.F32)));
    }
    Grpo free = grpo().reward("letters", LETTERS).klCoefficient(0).build();
    assertThat(memory(free).lasting(MemoryNames.REFERENCE)).isZero();
  }

  private MemoryEstimate memory(Reinforcement algorithm) {
    FineTunePlan plan =
        tuner(folder.resolve("run"), algorithm, new Log())
            .dataset(Datasets.of(List.of(new Example.Text(PROMPT))))
            .build()
            .plan();
    return ((RunPlan) plan).forecast().orElseThrow().memory();
  }

  private static List<MemoryItem> phase(MemoryEstimate memory, String name) {
    return memory.phases().stream()
        .filter(phas -> phas.name().equals(name))
        .flatMap(phase -> phase.items().stream())
        .toList();
  }

  @Test
  void aPlanTellsWhatIsDrawnAndLearnedFrom() {
    FineTuner tuner =
        tuner(folder.resolve("run"), grpo().reward("letters", LETTERS).build(), new Log())
            .dataset(
                Datasets.of(
                    List.of(
                        new Example.Text("Once"), new Example.Text("upon"), new Example.Text("a"))))
            .build();
    FineTunePlan plan = tuner.plan();
    // Three prompts fill two rollouts of two prompts, with four completions of six tokens each.
    assertThat(((RunPlan) plan).rollouts()).contains(new RolloutPlan(3, 16, 4, 6, 1));
    assertThat(plan.text())
        .contains(
            "3 prompts, 16 completions (4 a prompt) of at most 6 tokens in an epoch: up to 96"
                + " tokens drawn and learned from")
        .doesNotContain("0 tokens learned");
    assertThat(Json.written(plan.json()).path("rollouts").path("mostTokens").asInt()).isEqualTo(96);
  }

  @Test
  void longPromptsAreLeftOutAndCounted() {
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.Text("Once upon a time"),
                new Example.Text("Once upon a time ".repeat(10)),
                new Example.PromptCompletion("Lily", "saw it")));
    FineTunePlan plan =
        tuner(folder.resolve("run"), grpo().reward("letters", LETTERS).build(), new Log())
            .dataset(rows)
            .maxLength(40)
            .build()
            .plan();
    assertThat(plan.trainExamples()).isEqualTo(2);
    assertThat(plan.leftOut()).isEqualTo(1);
  }

  @Test
  void noPromptWithinTheLimitIsRefused() {
    Dataset rows = Datasets.of(List.of(new Example.Text("Once upon a time ".repeat(20))));
    FineTuner tuner =
        tuner(folder.resolve("run"), grpo().reward("letters", LETTERS).build(), new Log())
            .dataset(rows)
            .build();
    refuses(SettingsException.class, tuner::run, "is longer than 58 tokens");
  }

  @Test
  void rolloutsMustDivideIntoSteps() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(
            () ->
                tuner(folder.resolve("run"), grpo().reward("x", LETTERS).build(), new Log())
                    .batchSize(3)
                    .build())
        .withMessageContaining("batchSize 3")
        .withMessageContaining("2 prompts times 4");
  }

  @Test
  void otherAdvantagesTrainToo() {
    Log log = new Log();
    Grpo rloo =
        grpo().reward("letters", LETTERS).advantages(AdvantageEstimator.LEAVE_ONE_OUT).build();
    tuner(folder.resolve("run"), rloo, log).build().run();
    assertThat(log.steps)
        .isNotEmpty()
        .allSatisfy(stepEvent -> assertThat(stepEvent.loss()).isFinite());
  }

  @Test
  void rewardsReadTheFieldsOfTheRow() throws IOException {
    Path file = folder.resolve("prompts.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "Once upon", "wanted": "e"}
        {"prompt": "Lily saw", "wanted": "o"}
        """);
    List<Map<String, Object>> seen = new ArrayList<>();
    RewardFunction reading =
        (prompt, completion, fields) -> {
          seen.add(fields);
          return completion.length();
        };
    tuner(folder.resolve("run"), grpo().reward("reading", reading).build(), new Log())
        .dataset(Datasets.read(file).open())
        .build()
        .run();
    assertThat(seen)
        .contains(
            Map.of("prompt", "Once upon", "wanted", "e"),
            Map.of("prompt", "Lily saw", "wanted", "o"));
  }

  private static Grpo.Builder grpo() {
    return Grpo.builder().promptsPerRollout(2).groupSize(4).maxNewTokens(6);
  }

  private FineTuner.Builder tuner(Path output, Reinforcement algorithm, TrainingListener listener) {
    Split split = SmallModel.sentences(8).split(0.5, 0.5, 0, 1);
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(Task.reinforcement(algorithm))
        .dataset(new Split(split.train(), split.validation(), split.test()))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(2)
        .learningRate(1e-3)
        .evaluateEvery(Interval.steps(4))
        .output(output)
        .listener(listener);
  }

  /** Keeps what a run tells. */
  private static final class Log implements TrainingListener {
    private final TreeMap<Integer, Double> losses = new TreeMap<>();
    private final TreeMap<Integer, Double> rewards = new TreeMap<>();
    private final List<StepEvent> steps = new ArrayList<>();
    private final List<EvaluationEvent> evaluations = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      losses.put(event.step(), event.loss());
      rewards.put(event.step(), event.metrics().get("reward"));
      steps.add(event);
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      evaluations.add(event);
    }

    double meanReward(int from, int to) {
      return steps.subList(from, to).stream()
          .mapToDouble(step -> step.metrics().get("reward"))
          .average()
          .orElseThrow();
    }
  }
}
