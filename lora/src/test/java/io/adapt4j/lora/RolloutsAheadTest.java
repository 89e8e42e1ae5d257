package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rollouts are sampled from a copy of the adapter, over the base that training uses too. */
class RolloutsAheadTest {

  private static final Path BASE = Path.of("..", "examples", "models", "stories260K");

  /** Below what changes a value of fp32. */
  private static final double NO_RATE = 1e-30;

  private static final RewardFunction LETTERS =
      (prompt, completion, fields) ->
          completion.chars().filter(c -> c == 'e').count() / (1.0 + completion.length());

  @TempDir private Path folder;

  static List<Lora> methods() {
    return List.of(
        Lora.rank(4).targets(Targets.ALL_LINEAR),
        Lora.rank(4).dora(),
        Lora.rank(4).biasOfB(),
        Lora.rank(4).initialize(LoraInit.pissa()),
        Lora.rank(4).dropout(0.1));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void whereNothingIsLearnedTheRunEqualsTheOneInTurns(Lora method) {
    List<Double> turns = losses("turns", grpo().build(), method, NO_RATE);
    List<Double> ahead = losses("ahead", grpo().rolloutsAhead().build(), method, NO_RATE);
    assertThat(ahead).isEqualTo(turns);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void rolloutsAreSampledFromWhatTheAdapterHasLearned(Lora method) throws IOException {
    long before = Tensor.live();
    List<List<String>> still = completions("still", method, NO_RATE);
    List<List<String>> learned = completions("learned", method, 3e-2);
    assertThat(learned.subList(0, 2)).isEqualTo(still.subList(0, 2));
    assertThat(learned.subList(2, 4)).isNotEqualTo(still.subList(2, 4));
    assertThat(completions("again", method, 3e-2)).isEqualTo(learned);
    assertThat(weights("again")).isEqualTo(weights("learned"));
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private byte[] weights(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("last").resolve(PeftFolder.WEIGHTS));
  }

  @Test
  void thePlanCountsTheCopyAsAnAdapter() {
    FineTuner tuner = tuner("plan", grpo().rolloutsAhead().build(), Lora.rank(4), 1e-3).build();
    MemoryEstimate memory = ((RunPlan) tuner.plan()).forecast().orElseThrow().memory();
    assertThat(memory.lasting(MemoryNames.SAMPLING_COPY))
        .isEqualTo(memory.lasting(MemoryNames.ADAPTERS))
        .isPositive();
  }

  static Stream<FineTuningMethod> others() {
    return Stream.of(
        Lora.rank(4).modulesToSave("lm_head"),
        Lora.rank(4).targets(Targets.names("q_proj", "embed_tokens")),
        Ia3.create(),
        Oft.blockSize(8));
  }

  @ParameterizedTest
  @MethodSource("others")
  void methodsThatChangeTheBaseOrHaveNoCopyAreRefused(FineTuningMethod method) {
    assertThatThrownBy(() -> tuner("x", grpo().rolloutsAhead().build(), method, 1e-3).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("rolloutsAhead samples from a copy of the trained weights")
        .hasMessageContaining("or leave rolloutsAhead out");
  }

  @Test
  void aRewardOnThePolicysBaseIsRefused() {
    Path reward =
        FineTuner.builder()
            .model(ModelSource.path(BASE))
            .task(Task.reward())
            .dataset(Datasets.of(List.of(new Example.Preference("Tom saw", " a dog.", " no dog."))))
            .method(Lora.rank(2))
            .maxSteps(1)
            .output(folder.resolve("reward"))
            .build()
            .run()
            .last();
    Grpo grpo =
        grpo()
            .reward("liked", RewardModel.onPolicy(LoraAdapter.at(reward)))
            .rolloutsAhead()
            .build();
    assertThatThrownBy(() -> tuner("x", grpo, Lora.rank(4), 1e-3).build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("load the reward with RewardModel.load");
  }

  private static Grpo.Builder grpo() {
    return Grpo.builder()
        .reward("letters", LETTERS)
        .promptsPerRollout(2)
        .groupSize(4)
        .maxNewTokens(8);
  }

  private List<Double> losses(String name, Grpo grpo, FineTuningMethod method, double rate) {
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            losses.add(event.loss());
            losses.add(event.gradientNorm());
            losses.add(event.metrics().get("reward"));
          }
        };
    tuner(name, grpo, method, rate).listener(listener).build().run();
    return losses;
  }

  /** Returns the completions of each of four rollouts. */
  private List<List<String>> completions(String name, FineTuningMethod method, double rate) {
    List<String> all = new ArrayList<>();
    Grpo grpo =
        grpo()
            .reward(
                "watching",
                (prompt, completion, fields) -> {
                  all.add(completion);
                  return 0;
                })
            .rolloutsAhead()
            .build();
    FineTuneReport report = tuner(name, grpo, method, rate).build().run();
    assertThat(report.steps()).isEqualTo(4);
    return List.of(all.subList(0, 8), all.subList(8, 16), all.subList(16, 24), all.subList(24, 32));
  }

  private FineTuner.Builder tuner(String name, Grpo grpo, FineTuningMethod method, double rate) {
    return FineTuner.builder()
        .model(ModelSource.path(BASE))
        .task(Task.reinforcement(grpo))
        .dataset(
            Datasets.of(
                Stream.of("Lily saw", "Tom had", "Sue was", "Ben saw")
                    .<Example>map(Example.Text::new)
                    .toList()))
        .method(method)
        .precision(Precision.FP32)
        .batchSize(8)
        .epochs(2)
        .learningRate(rate)
        .weightDecay(0)
        .output(folder.resolve(name));
  }
}
