package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Preferences, rewards and reinforcement over a base in 4 bits, which all of them share. */
class FourBitPreferenceTest {

  private static final Path BASE = Path.of("..", "examples", "models", "stories260K");
  private static final List<String> NAMES = List.of("Lily", "Tom", "Sue", "Ben", "Max", "Amy");

  /** The share of a letter: easy to raise, and never the same for all of a group. */
  private static final RewardFunction LETTERS =
      (prompt, completion, fields) ->
          completion.isEmpty()
              ? 0
              : completion.chars().filter(c -> c == 'e').count() / (double) completion.length();

  @TempDir private Path folder;

  private static QLora method() {
    return QLora.nf4().doubleQuant(true).rank(4);
  }

  private static Dataset pairs() {
    return Datasets.of(
        NAMES.stream()
            .map(who -> who + " saw a dog. ")
            .map(prompt -> (Example) new Example.Preference(prompt, "He was happy.", "It was sad."))
            .toList());
  }

  private static Dataset prompts() {
    return Datasets.of(
        NAMES.stream().map(who -> (Example) new Example.Text(who + " saw")).toList());
  }

  private FineTuner.Builder tuner(String name, Task task, Dataset data, Log log) {
    return FineTuner.builder()
        .model(ModelSource.path(BASE))
        .task(task)
        .dataset(new Split(data, data, data.split(1, 0, 0, 1).test()))
        .method(method())
        .precision(Precision.FP32)
        .batchSize(6)
        .learningRate(1e-2)
        .evaluateEvery(Interval.EPOCH)
        .output(folder.resolve(name))
        .listener(log);
  }

  @Test
  void answersThatArePreferredBecomeLikelierThanTheBaseHasThem() {
    Log log = new Log();
    FineTuneReport report =
        tuner("dpo", Task.preference(PreferenceLoss.dpo(0.1)), pairs(), log)
            .epochs(8)
            .build()
            .run();
    assertThat(log.steps.get(0).loss())
        .as("policy and reference are one at first")
        .isCloseTo(Math.log(2), within(1e-5));
    assertThat(log.lastEvaluation("accuracy")).isEqualTo(1);
    assertThat(log.lastEvaluation("margin")).isPositive();
    try (LanguageModel model =
        LanguageModel.load(
            ModelSource.path(BASE),
            Methods.of(method()).weightFormat(),
            LoraAdapter.at(report.last()))) {
      assertThat(model.score("Tom saw a dog. ", "He was happy.").sum())
          .isGreaterThan(model.score("Tom saw a dog. ", "It was sad.").sum());
    }
  }

  static Arguments[] algorithms() {
    return new Arguments[] {
      Arguments.of(
          "GRPO",
          Grpo.builder()
              .reward("letters", LETTERS)
              .promptsPerRollout(3)
              .groupSize(8)
              .maxNewTokens(8)
              .build()),
      Arguments.of(
          "PPO",
          Ppo.builder()
              .reward("letters", LETTERS)
              .promptsPerRollout(24)
              .maxNewTokens(8)
              .passes(2)
              .klCoefficient(0.001)
              .build())
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("algorithms")
  void aPolicyRaisesItsReward(String name, Reinforcement algorithm) {
    Log log = new Log();
    tuner(name, Task.reinforcement(algorithm), prompts(), log)
        .batchSize(12)
        .epochs(12)
        .build()
        .run();
    assertThat(log.evaluations.get(0).metrics().get("kl")).isLessThan(0.2);
    assertThat(log.meanReward(log.steps.size() - 6, log.steps.size()))
        .isGreaterThan(log.meanReward(0, 6) + 0.03);
  }

  @Test
  void aRewardModelTrainedInFourBitsJudgesOnThePolicysBase() {
    Log learned = new Log();
    Path reward = tuner("reward", Task.reward(), pairs(), learned).epochs(6).build().run().last();
    assertThat(learned.lastEvaluation("accuracy")).isEqualTo(1);
    Ppo ppo =
        Ppo.builder()
            .reward("liked", RewardModel.onPolicy(LoraAdapter.at(reward)))
            .promptsPerRollout(6)
            .maxNewTokens(6)
            .passes(2)
            .build();
    tuner("first", Task.reinforcement(ppo), prompts(), new Log()).epochs(2).build().run();
    long before = Tensor.live();
    Log log = new Log();
    tuner("second", Task.reinforcement(ppo), prompts(), log).epochs(2).build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(log.steps)
        .isNotEmpty()
        .allSatisfy(step -> assertThat(step.metrics().get("reward/liked")).isFinite());
  }

  /** Keeps what a run tells. */
  private static final class Log implements TrainingListener {
    private final List<StepEvent> steps = new ArrayList<>();
    private final List<EvaluationEvent> evaluations = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      steps.add(event);
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      evaluations.add(event);
    }

    double lastEvaluation(String metric) {
      return evaluations.get(evaluations.size() - 1).metrics().get(metric);
    }

    double meanReward(int from, int to) {
      return steps.subList(from, to).stream()
          .mapToDouble(step -> step.metrics().get("reward"))
          .average()
          .orElseThrow();
    }
  }
}
