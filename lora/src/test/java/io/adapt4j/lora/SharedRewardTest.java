package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.internal.ia3.Ia3Vectors;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Policy, reference, values and reward as adapters and outputs on one base in memory. */
class SharedRewardTest {

  private static final Path BASE = Path.of("..", "examples", "models", "stories260K");
  private static final List<String> NAMES = List.of("Lily", "Tom", "Sue", "Ben");

  @TempDir static Path folder;

  private static Path reward;

  @BeforeAll
  static void trainReward() {
    reward = reward("reward", Lora.rank(4));
  }

  private static Path reward(String name, FineTuningMethod method) {
    List<Example> pairs = new ArrayList<>();
    for (String who : NAMES) {
      pairs.add(new Example.Preference(who + " saw a dog. ", who + " was happy.", "It was sad."));
      pairs.add(new Example.Preference(who + " had a ball. ", who + " was happy.", "It was sad."));
    }
    return FineTuner.builder()
        .model(ModelSource.path(BASE))
        .task(Task.reward())
        .dataset(Datasets.of(pairs))
        .method(method)
        .precision(Precision.FP32)
        .epochs(3)
        .batchSize(4)
        .learningRate(5e-3)
        .evaluateEvery(Interval.EPOCH)
        .output(folder.resolve(name))
        .build()
        .run()
        .last();
  }

  /** The vectors of (IA)3 beside an output that trains in full, as for LoRA. */
  @Test
  void anIa3RewardIsTrainedWithItsOutputAndLoadsOnTheBase() {
    Path adapter = reward("ia3", Ia3.create());
    assertThat(Checkpoint.openFile(adapter.resolve("adapter_model.safetensors")).names())
        .contains(
            "base_model.model.score.weight",
            "base_model.model.model.layers.0.self_attn.k_proj.ia3_l");
    try (RewardModel loaded =
        RewardModel.load(
            ModelSource.path(BASE),
            Precision.FP32,
            ProjectionAdapterMechanics.at(Ia3Vectors.KIND, adapter))) {
      for (String who : NAMES) {
        assertThat(loaded.score(who + " saw a dog. ", who + " was happy."))
            .isGreaterThan(loaded.score(who + " saw a dog. ", "It was sad."));
      }
    }
  }

  /** Makes an algorithm that is rewarded by given functions. */
  private interface Algorithm {
    Reinforcement rewardedBy(Map<String, RewardFunction> rewards);
  }

  private static Reinforcement grpo(Map<String, RewardFunction> rewards) {
    return with(Grpo.builder().groupSize(4).promptsPerRollout(2).passes(2), rewards).build();
  }

  private static Reinforcement ppo(Map<String, RewardFunction> rewards) {
    return with(Ppo.builder().promptsPerRollout(8).passes(2).klCoefficient(0.01), rewards).build();
  }

  private static <B extends Reinforcement.Builder<B>> B with(
      B builder, Map<String, RewardFunction> rewards) {
    rewards.forEach(builder::reward);
    return builder.maxNewTokens(8);
  }

  static Arguments[] runs() {
    Algorithm grpo = SharedRewardTest::grpo;
    Algorithm ppo = SharedRewardTest::ppo;
    return new Arguments[] {
      Arguments.of("GRPO of LoRA", grpo, Lora.rank(4)),
      Arguments.of("PPO of LoRA", ppo, Lora.rank(4)),
      Arguments.of("PPO of DoRA", ppo, Lora.rank(4).dora()),
      Arguments.of("GRPO of PiSSA", grpo, Lora.rank(4).initialize(LoraInit.pissa())),
      Arguments.of("GRPO with biases and head", grpo, Lora.rank(4).modulesToSave("lm_head")),
      Arguments.of("GRPO of IA3", grpo, Ia3.create()),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void aPolicyLearnsWhatItLearnsFromANetworkOfItsOwn(
      String name, Algorithm algorithm, FineTuningMethod method) throws IOException {
    List<StepEvent> alone = new ArrayList<>();
    FineTuneReport expected;
    try (RewardModel own = RewardModel.load(ModelSource.path(BASE), LoraAdapter.at(reward))) {
      expected = train("alone-" + name, algorithm.rewardedBy(Map.of("liked", own)), method, alone);
    }
    List<StepEvent> shared = new ArrayList<>();
    FineTuneReport found =
        train("shared-" + name, algorithm.rewardedBy(Map.of("liked", onPolicy())), method, shared);
    assertThat(shared).hasSameSizeAs(alone);
    for (int i = 0; i < alone.size(); i++) {
      assertThat(shared.get(i).metrics().get("reward/liked"))
          .isCloseTo(alone.get(i).metrics().get("reward/liked"), within(1e-5));
    }
    assertThat(Files.readAllBytes(found.last().resolve(PeftFolder.WEIGHTS)))
        .isEqualTo(Files.readAllBytes(expected.last().resolve(PeftFolder.WEIGHTS)));
  }

  @Test
  void theRewardIsThatOfTheModelHoweverFarThePolicyHasMoved() {
    List<List<Completion>> asked = new ArrayList<>();
    RewardFunction watching =
        new RewardFunction() {
          @Override
          public double score(String prompt, String completion, Map<String, Object> fields) {
            throw new UnsupportedOperationException();
          }

          @Override
          public double[] scoreAll(List<Completion> completions) {
            asked.add(completions);
            return new double[completions.size()];
          }
        };
    List<StepEvent> steps = new ArrayList<>();
    Grpo grpo =
        Grpo.builder()
            .reward("liked", onPolicy())
            .reward("watching", watching)
            .promptsPerRollout(2)
            .groupSize(4)
            .maxNewTokens(8)
            .build();
    tuner("moved", grpo, Lora.rank(4), steps).learningRate(5e-2).epochs(6).build().run();
    assertThat(steps).anySatisfy(step -> assertThat(step.metrics().get("kl")).isGreaterThan(0.1));
    try (RewardModel own = RewardModel.load(ModelSource.path(BASE), LoraAdapter.at(reward))) {
      for (int i = 0; i < steps.size(); i++) {
        double[] scores = own.scoreAll(asked.get(i));
        assertThat(steps.get(i).metrics().get("reward/liked"))
            .isCloseTo(mean(scores), within(1e-5));
      }
    }
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  @Test
  void aRunLeavesNothingInNativeMemoryAndTheRewardCanBeUsedAgain() {
    RewardFunction liked = onPolicy();
    train("first", ppo(Map.of("liked", liked)), Lora.rank(4), new ArrayList<>());
    long before = Tensor.live();
    train("second", ppo(Map.of("liked", liked)), Lora.rank(4), new ArrayList<>());
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theForecastCountsTheRewardAsAnAdapter() {
    FineTunePlan plan =
        tuner("x", grpo(Map.of("liked", onPolicy())), Lora.rank(4), new ArrayList<>())
            .build()
            .plan();
    MemoryEstimate shared = ((RunPlan) plan).forecast().orElseThrow().memory();
    long factors = shared.lasting(MemoryNames.ADAPTERS);
    long head = 64 * Float.BYTES;
    assertThat(shared.lasting(MemoryNames.REWARD)).isEqualTo(factors + head);
  }

  @Test
  void aDescribedRunNamesTheAdapterByItsFolder() throws IOException {
    Files.writeString(folder.resolve("prompts.jsonl"), "{\"prompt\": \"Lily saw\"}\n".repeat(2));
    Path described = folder.resolve("run.yaml");
    Files.writeString(
        described,
        """
        model: %s
        data: {path: prompts.jsonl}
        task:
          grpo:
            rewards:
              - {name: liked, adapter: %s}
            promptsPerRollout: 2
            groupSize: 2
            maxNewTokens: 4
        method: {lora: {rank: 2}}
        batchSize: 4
        epochs: 1
        output: described
        """
            .formatted(BASE.toAbsolutePath(), reward));
    FineTuneReport report = RunDescription.read(described).builder().build().run();
    assertThat(report.last()).isDirectory();
    Files.writeString(described, Files.readString(described).replace(reward.toString(), "missing"));
    assertThatThrownBy(() -> RunDescription.read(described).builder().overwriteOutput().build())
        .hasMessageContaining("missing: no such folder. Give the folder of an adapter.");
  }

  @Test
  void oneRewardUnderTwoNamesAndTwoOfOneFolderJudgeAlike() {
    RewardFunction liked = onPolicy();
    List<StepEvent> steps = new ArrayList<>();
    train(
        "twice",
        grpo(Map.of("liked", liked, "again", liked, "other", onPolicy())),
        Lora.rank(4),
        steps);
    assertThat(steps)
        .isNotEmpty()
        .allSatisfy(
            step ->
                assertThat(step.metrics().get("reward/liked"))
                    .isEqualTo(step.metrics().get("reward/again"))
                    .isCloseTo(step.metrics().get("reward/other"), within(1e-6)));
  }

  @Test
  void aRewardOutsideARunSaysWhatToDo() {
    RewardFunction liked = onPolicy();
    assertThatThrownBy(() -> liked.score("a", "b", Map.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has no base outside a run")
        .hasMessageContaining("RewardModel.load(base, adapter)");
  }

  @Test
  void fullFineTuningIsRefusedBeforeAnythingIsRead() {
    refused(FullFineTuning.create(), onPolicy(), "which full fine-tuning changes");
  }

  @Test
  void anAdapterWithoutAnOutputIsRefused() {
    Path policy =
        train("policy", grpo(Map.of("length", length())), Lora.rank(2), new ArrayList<>()).last();
    refused(
        Lora.rank(4),
        RewardModel.onPolicy(LoraAdapter.at(policy)),
        "brings no output for a reward; train it with Task.reward()");
  }

  @Test
  void anAdapterThatChangesTheBaseUnderThePolicyIsRefused() {
    Path changing = reward("changing", Lora.rank(2).modulesToSave("score", "embed_tokens"));
    refused(
        Lora.rank(4),
        RewardModel.onPolicy(LoraAdapter.at(changing)),
        "brings values for model.embed_tokens.weight");
  }

  @Test
  void anAdapterOfAnotherBaseIsRefused() throws IOException {
    Path other = folder.resolve("other-base");
    try (Decoder decoder = LoraCase.random(true, DType.F32)) {
      CheckpointFolder.write(
          other, other, LoraCase.config(true), Weights.tensors(decoder, StoredType.F32));
    }
    Files.copy(BASE.resolve("tokenizer.json"), other.resolve("tokenizer.json"));
    assertThatThrownBy(
            () ->
                tuner("x", grpo(Map.of("liked", onPolicy())), Lora.rank(4), new ArrayList<>())
                    .model(ModelSource.path(other))
                    .build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("The output is to stand on the layers of another model");
  }

  private static void refused(FineTuningMethod method, RewardFunction liked, String because) {
    assertThatThrownBy(
            () -> tuner("x", grpo(Map.of("liked", liked)), method, new ArrayList<>()).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("the reward's adapter")
        .hasMessageContaining(because);
  }

  private static RewardFunction length() {
    return (prompt, completion, fields) -> completion.length();
  }

  private static RewardFunction onPolicy() {
    return RewardModel.onPolicy(LoraAdapter.at(reward));
  }

  private static FineTuneReport train(
      String name, Reinforcement algorithm, FineTuningMethod method, List<StepEvent> steps) {
    return tuner(name, algorithm, method, steps).build().run();
  }

  private static FineTuner.Builder tuner(
      String name, Reinforcement algorithm, FineTuningMethod method, List<StepEvent> steps) {
    return FineTuner.builder()
        .model(ModelSource.path(BASE))
        .task(Task.reinforcement(algorithm))
        .dataset(prompts())
        .method(method)
        .precision(Precision.FP32)
        .batchSize(8)
        .epochs(2)
        .learningRate(1e-2)
        .output(folder.resolve(name))
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                steps.add(event);
              }
            });
  }

  private static Dataset prompts() {
    return Datasets.of(
        NAMES.stream()
            .flatMap(who -> List.of(who + " saw", who + " had a").stream())
            .map(text -> (Example) new Example.Text(text))
            .toList());
  }
}
