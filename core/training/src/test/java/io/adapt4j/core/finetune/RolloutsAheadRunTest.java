package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.spi.PolicyObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The next rollout is sampled while the present one trains, from weights one rollout old. */
class RolloutsAheadRunTest {

  /** Below what changes a weight of fp32. */
  private static final double NO_RATE = 1e-30;

  private static final double RATE = 1e-2;

  private static final RewardFunction LETTERS =
      (prompt, completion, fields) ->
          completion.chars().filter(c -> c == 'e').count() / (1.0 + completion.length());

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = SmallModel.write(folder.resolve("model"));
  }

  @Test
  void whereNothingIsLearnedTheRunEqualsTheOneInTurns() {
    Log turns = run("turns", grpo().reward("letters", LETTERS), NO_RATE);
    Log ahead = run("ahead", grpo().reward("letters", LETTERS).rolloutsAhead(), NO_RATE);
    assertThat(ahead.told).isEqualTo(turns.told);
    assertThat(ahead.evaluated).isEqualTo(turns.evaluated);
  }

  @Test
  void frozenWeightsAreSharedAndNotCounted() {
    FullFineTuning method = FullFineTuning.create().freezeEmbeddings().freezeFirstLayers(1);
    Log turns = new Log();
    tuner("turns", grpo().reward("letters", LETTERS).build(), NO_RATE, turns)
        .method(method)
        .build()
        .run();
    Log ahead = new Log();
    FineTuner tuner =
        tuner("ahead", grpo().reward("letters", LETTERS).rolloutsAhead().build(), NO_RATE, ahead)
            .method(method)
            .build();
    MemoryEstimate memory = ((RunPlan) tuner.plan()).forecast().orElseThrow().memory();
    assertThat(memory.lasting(MemoryNames.SAMPLING_COPY))
        .isPositive()
        .isLessThan(memory.lasting(MemoryNames.WEIGHTS));
    tuner.run();
    assertThat(ahead.told).isEqualTo(turns.told);
  }

  @Test
  void everyRolloutIsSampledFromTheWeightsTheOneBeforeStartedFrom() {
    Recording still = new Recording(0);
    run("still", grpo().reward("letters", still).rolloutsAhead(), NO_RATE);
    Recording turns = new Recording(0);
    run("turns", grpo().reward("letters", turns), RATE);
    Recording ahead = new Recording(0);
    run("ahead", grpo().reward("letters", ahead).rolloutsAhead(), RATE);

    assertThat(ahead.training(0)).isEqualTo(turns.training(0)).isEqualTo(still.training(0));
    assertThat(ahead.training(1)).isEqualTo(still.training(1)).isNotEqualTo(turns.training(1));
    assertThat(ahead.training(2)).isNotEqualTo(still.training(2));
  }

  @Test
  void stepsReportThatTheirSamplesAreAtMostOneRolloutOld() {
    Log log = run("run", grpo().reward("letters", LETTERS).rolloutsAhead().passes(2), RATE);
    assertThat(log.staleness).containsExactly(0., 0., 0., 0., 1., 1., 1., 1., 1., 1., 1., 1.);
    assertThat(log.steps.get(0).metrics()).containsKeys("seconds_waiting", "seconds_generating");
    Log turns = run("turns", grpo().reward("letters", LETTERS), RATE);
    assertThat(turns.steps.get(0).metrics()).doesNotContainKeys("staleness", "seconds_waiting");
  }

  @Test
  void speedOfEitherSideAndThreadsOfTheProcessorChangeNothing() throws IOException {
    Log expected = run("expected", grpo().reward("letters", LETTERS).rolloutsAhead(), RATE);
    Log slowRewards =
        run("rewards", grpo().reward("letters", new Recording(60)).rolloutsAhead(), RATE);
    Log slowSteps = new Log();
    slowSteps.milliseconds = 60;
    run("steps", grpo().reward("letters", LETTERS).rolloutsAhead(), RATE, slowSteps);
    int threads = Torch.threads();
    Log alone;
    try {
      Torch.threads(1);
      alone = run("alone", grpo().reward("letters", LETTERS).rolloutsAhead(), RATE);
    } finally {
      Torch.threads(threads);
    }
    for (Log log : List.of(slowRewards, slowSteps, alone)) {
      assertThat(log.told).isEqualTo(expected.told);
      assertThat(log.evaluated).isEqualTo(expected.evaluated);
    }
    for (String name : List.of("rewards", "steps", "alone")) {
      assertThat(weights(name)).isEqualTo(weights("expected"));
    }
  }

  @Test
  void aRunStoppedAtAnyStepGoesOnToTheBit() throws IOException {
    Grpo grpo =
        grpo().reward("letters", LETTERS).rolloutsAhead().passes(2).dynamicSampling(1).build();
    Log whole = new Log();
    tuner("whole", grpo, RATE, whole).build().run();
    for (int stop : List.of(4, 6)) {
      String name = "cut" + stop;
      Log cut = new Log();
      FineTuner running = tuner(name, grpo, RATE, cut).build();
      cut.atStep = step -> stopAt(running, stop, step);
      assertThat(running.run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
      Log rest = new Log();
      tuner(name, grpo, RATE, rest).resume().build().run();
      assertThat(rest.told).isEqualTo(whole.told.tailMap(stop + 1));
      assertThat(weights(name)).isEqualTo(weights("whole"));
    }
  }

  private static void stopAt(FineTuner tuner, int stop, int step) {
    if (step == stop) {
      tuner.stop();
    }
  }

  @Test
  void nativeMemoryDoesNotGrowWithTheStepsAndIsFreed() {
    run("first", grpo().reward("letters", LETTERS).rolloutsAhead(), RATE);
    long before = Tensor.live();
    Log log = new Log();
    tuner("long", grpo().reward("letters", LETTERS).rolloutsAhead().build(), RATE, log)
        .epochs(8)
        .build()
        .run();
    assertThat(Tensor.live()).isEqualTo(before);
    // The other thread has tensors at any time, of a number that depends on the moment.
    List<Long> live = log.live;
    assertThat(live).hasSize(48);
    long firsts = live.subList(4, 16).stream().mapToLong(Long::longValue).max().orElseThrow();
    long lasts = live.subList(36, 48).stream().mapToLong(Long::longValue).min().orElseThrow();
    assertThat(lasts).isLessThanOrEqualTo(firsts);
  }

  @Test
  void aRewardThatFailsEndsTheRunWithWhatTheRunInTurnsSays() {
    for (int bad : List.of(0, 2)) {
      long before = Tensor.live();
      AtomicInteger rollouts = new AtomicInteger();
      RewardFunction failing = failingAt(rollouts, bad);
      Log log = new Log();
      Grpo grpo = grpo().reward("judge", failing).rolloutsAhead().build();
      FineTuner tuner = tuner("bad" + bad, grpo, RATE, log).build();
      refuses(TrainingException.class, tuner::run, "The reward 'judge' failed", "no judge today");
      assertThat(log.steps).hasSize(2 * bad);
      assertThat(Tensor.live()).isEqualTo(before);
      assertNoThread();
    }
  }

  /** Fails at a rollout of training; groups of 4 tell it from an evaluation. */
  private static RewardFunction failingAt(AtomicInteger rollouts, int bad) {
    return new RewardFunction() {
      @Override
      public double score(String prompt, String completion, Map<String, Object> fields) {
        return completion.length();
      }

      @Override
      public double[] scoreAll(List<Completion> completions) {
        if (completions.size() == 8 && rollouts.getAndIncrement() == bad) {
          throw new IllegalStateException("no judge today");
        }
        return RewardFunction.super.scoreAll(completions);
      }
    };
  }

  @Test
  void aFailureOfTrainingEndsTheSampling() {
    long before = Tensor.live();
    AtomicInteger terms = new AtomicInteger();
    PolicyObjective failing =
        token -> {
          if (terms.incrementAndGet() > 60) {
            throw new IllegalStateException("no such token");
          }
          return new PolicyObjective.Term(0, -token.advantage(), 0, PolicyObjective.Clipping.NONE);
        };
    Recording rewards = new Recording(60);
    Grpo grpo = grpo().reward("letters", rewards).objective(failing).rolloutsAhead().build();
    Log log = new Log();
    FineTuner tuner = tuner("run", grpo, RATE, log).build();
    refuses(RuntimeException.class, tuner::run, "no such token");
    assertThat(log.steps).isNotEmpty();
    assertThat(Tensor.live()).isEqualTo(before);
    assertNoThread();
  }

  @Test
  void rewardsAreNeverAskedByTwoThreadsAtOnceNorForRolloutsBeyondTheRun() {
    Recording rewards = new Recording(20);
    Log log = new Log();
    tuner("run", grpo().reward("letters", rewards).rolloutsAhead().build(), RATE, log)
        .maxSteps(4)
        .evaluateEvery(Interval.steps(1))
        .build()
        .run();
    assertThat(rewards.most.get()).isEqualTo(1);
    assertThat(rewards.rollouts).hasSize(2);
  }

  @Test
  void withoutImportanceCorrectionItIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                grpo()
                    .reward("letters", LETTERS)
                    .rolloutsAhead()
                    .withoutImportanceCorrection()
                    .build())
        .withMessageContaining("importanceCorrection with rolloutsAhead must be on")
        .withMessageContaining("withoutImportanceCorrection");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> grpo().reward("letters", LETTERS).rolloutsAhead().temperature(0.9).build())
        .withMessageContaining("temperature at 1");
  }

  @Test
  void thePlanCountsTheCopyAndTheCacheDuringSteps() {
    MemoryEstimate turns = memory(grpo().reward("letters", LETTERS).build());
    MemoryEstimate ahead = memory(grpo().reward("letters", LETTERS).rolloutsAhead().build());
    assertThat(turns.lasting(MemoryNames.SAMPLING_COPY)).isZero();
    assertThat(ahead.lasting(MemoryNames.SAMPLING_COPY))
        .isEqualTo(ahead.lasting(MemoryNames.WEIGHTS));
    assertThat(items(turns, "forward and backward")).doesNotContain("keys and values");
    assertThat(items(ahead, "forward and backward")).contains("keys and values");
    assertThat(items(ahead, "optimizer step")).contains("keys and values");
  }

  private MemoryEstimate memory(Grpo grpo) {
    return ((RunPlan) tuner("plan", grpo, RATE, new Log()).build().plan())
        .forecast()
        .orElseThrow()
        .memory();
  }

  private static List<String> items(MemoryEstimate memory, String phase) {
    return memory.phases().stream()
        .filter(found -> found.name().equals(phase))
        .flatMap(found -> found.items().stream())
        .map(MemoryItem::name)
        .toList();
  }

  private static void assertNoThread() {
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("rollouts-ahead"));
  }

  private byte[] weights(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("last/model.safetensors"));
  }

  private static Grpo.Builder grpo() {
    return Grpo.builder().promptsPerRollout(2).groupSize(4).maxNewTokens(6);
  }

  private Log run(String name, Grpo.Builder grpo, double rate) {
    return run(name, grpo, rate, new Log());
  }

  private Log run(String name, Grpo.Builder grpo, double rate, Log log) {
    tuner(name, grpo.build(), rate, log).build().run();
    return log;
  }

  private FineTuner.Builder tuner(String name, Grpo grpo, double rate, Log log) {
    Split split = SmallModel.sentences(8).split(0.75, 0.25, 0, 1);
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(Task.reinforcement(grpo))
        .dataset(split)
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(1)
        .learningRate(rate)
        .weightDecay(0)
        .evaluateEvery(Interval.steps(2))
        .output(folder.resolve(name))
        .listener(log);
  }

  /** Rewards letters, slowly, and keeps what it was asked. */
  private static final class Recording implements RewardFunction {
    private final int milliseconds;
    private final List<List<String>> rollouts = new ArrayList<>();
    private final AtomicInteger present = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    Recording(int milliseconds) {
      this.milliseconds = milliseconds;
    }

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      return LETTERS.score(prompt, completion, fields);
    }

    @Override
    public double[] scoreAll(List<Completion> completions) {
      int now = present.incrementAndGet();
      most.accumulateAndGet(now, Math::max);
      pause(milliseconds);
      if (completions.size() == 8) {
        rollouts.add(completions.stream().map(Completion::text).toList());
      }
      double[] scores = RewardFunction.super.scoreAll(completions);
      present.decrementAndGet();
      return scores;
    }

    List<String> training(int rollout) {
      return rollouts.get(rollout);
    }
  }

  private static void pause(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Keeps what a run tells, without its times. */
  private static final class Log implements TrainingListener {
    private final TreeMap<Integer, Map<String, Double>> told = new TreeMap<>();
    private final List<Double> staleness = new ArrayList<>();
    private final List<StepEvent> steps = new ArrayList<>();
    private final List<Map<String, Double>> evaluated = new ArrayList<>();
    private final List<Long> live = new ArrayList<>();
    private IntConsumer atStep = step -> {};
    private int milliseconds;

    @Override
    public void step(StepEvent event) {
      pause(milliseconds);
      Map<String, Double> metrics = timeless(event.metrics());
      metrics.put("loss", event.loss());
      metrics.put("gradient", event.gradientNorm());
      told.put(event.step(), metrics);
      staleness.add(event.metrics().get("staleness"));
      steps.add(event);
      live.add(Tensor.live());
      atStep.accept(event.step());
    }

    @Override
    public void evaluated(EvaluationEvent event) {
      evaluated.add(timeless(event.metrics()));
    }

    private static Map<String, Double> timeless(Map<String, Double> metrics) {
      Map<String, Double> kept = new TreeMap<>(metrics);
      kept.keySet().removeIf(name -> name.startsWith("seconds_") || name.equals("staleness"));
      return kept;
    }
  }
}
