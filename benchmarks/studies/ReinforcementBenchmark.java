import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.reinforce.Completion;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Time breakdown of a GRPO run: the share of wall time in generation and training steps, and the
 * speed of rollouts relative to plain batch generation with the same adapter. With {@code --rounds}
 * above 0 only the time of a rollout in turns and with {@code rolloutsAhead} is measured, one after
 * the other in every round.
 */
public final class ReinforcementBenchmark {

  private static final String OPTIONS =
      "--model examples/models/stories260K --prompts 8 --group 8 --tokens 96 "
          + "--rollouts 12 --warmup 3 --rounds 0 --pause 0";

  private static final double SHARE_TARGET = 0.70;
  private static final double SPEED_TARGET = 0.80;
  private static final String PROMPT =
      "Once upon a time, there was a little girl named Lily. She had a dog, a ball and a cake.";

  private final ModelSource model;
  private final int prompts;
  private final int group;
  private final int tokens;
  private final int rollouts;
  private final int warmup;
  private final int rounds;
  private final int pause;

  private ReinforcementBenchmark(Arguments arguments) {
    model = ModelSource.path(Path.of(arguments.text("--model")));
    prompts = arguments.number("--prompts", 1);
    group = arguments.number("--group", 2);
    tokens = arguments.number("--tokens", 1);
    rollouts = arguments.number("--rollouts", 1);
    warmup = arguments.number("--warmup", 1);
    rounds = arguments.number("--rounds", 0);
    pause = arguments.number("--pause", 0);
  }

  /**
   * Options: {@code --model} (a folder), {@code --prompts} of a rollout, {@code --group}
   * completions of each, {@code --tokens} of a completion, {@code --rollouts}, {@code --warmup}
   * rollouts, {@code --rounds} of the comparison with rollouts ahead, {@code --pause} milliseconds
   * that the reward of a rollout waits, as one that asks a server does.
   */
  public static void main(String[] line) {
    new ReinforcementBenchmark(Arguments.parse(line, OPTIONS)).run();
  }

  /** Sums over the measured steps, each of which has its own rollout. */
  private static final class Watch implements TrainingListener {
    private final int warmup;
    private final int completions;
    private long begun;
    private double wall;
    private double generating;
    private double training;
    private double rewarding;
    private double scoring;
    private double generated;
    private long processorBegun;
    private double processor;

    Watch(int warmup, int completions) {
      this.warmup = warmup;
      this.completions = completions;
    }

    @Override
    public void step(StepEvent event) {
      long now = System.nanoTime();
      long processorNow = processorNanos();
      if (event.step() > warmup) {
        Map<String, Double> figures = event.metrics();
        wall += (now - begun) / 1e9;
        processor += (processorNow - processorBegun) / 1e9;
        training += event.duration().toNanos() / 1e9;
        generating += figures.get("seconds_generating");
        rewarding += figures.get("seconds_rewarding");
        scoring += figures.get("seconds_scoring");
        generated += figures.get("length") * completions;
      }
      processorBegun = processorNanos();
      begun = System.nanoTime();
    }

    private static long processorNanos() {
      return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
  }

  private void run() {
    if (rounds > 0) {
      compare();
      return;
    }
    Watch watch = new Watch(warmup, prompts * group);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      FineTuneReport report = train(watch, folder.path().resolve("run"), false);
      report(watch, plainSpeed(report.last()));
    }
  }

  private void compare() {
    for (int round = 1; round <= rounds; round++) {
      Watch turns = new Watch(warmup, prompts * group);
      Watch ahead = new Watch(warmup, prompts * group);
      try (TemporaryFolder folder = TemporaryFolder.create()) {
        train(turns, folder.path().resolve("turns"), false);
        train(ahead, folder.path().resolve("ahead"), true);
      }
      System.out.printf(
          Locale.ROOT,
          "round %d: seconds a rollout in turns %.3f, ahead %.3f, ratio %.2f;"
              + " of processors %.3f, %.3f%n",
          round,
          turns.wall / rollouts,
          ahead.wall / rollouts,
          turns.wall / ahead.wall,
          turns.processor / rollouts,
          ahead.processor / rollouts);
    }
  }

  /** Counts commas after a pause for the whole rollout. */
  private final class Commas implements RewardFunction {

    @Override
    public double score(String prompt, String completion, Map<String, Object> fields) {
      return completion.chars().filter(c -> c == ',').count();
    }

    @Override
    public double[] scoreAll(List<Completion> completions) {
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return RewardFunction.super.scoreAll(completions);
    }
  }

  private FineTuneReport train(Watch watch, Path output, boolean ahead) {
    Grpo.Builder builder =
        Grpo.builder()
            .reward("commas", new Commas())
            .promptsPerRollout(prompts)
            .groupSize(group)
            .maxNewTokens(tokens);
    Grpo grpo = (ahead ? builder.rolloutsAhead() : builder).build();
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < prompts * (rollouts + warmup); i++) {
      rows.add(new Example.Text(PROMPT));
    }
    return FineTuner.builder()
        .model(model)
        .task(Task.reinforcement(grpo))
        .dataset(Datasets.of(rows))
        .method(Lora.rank(16))
        .epochs(1)
        .batchSize(prompts * group)
        // The policy stays unchanged, so that all rollouts have the same length.
        .learningRate(1e-9)
        .saveLimit(0)
        .evaluateEvery(Interval.EPOCH)
        .listener(watch)
        .output(output)
        .build()
        .run();
  }

  /** Returns tokens per second of plain generation with the adapter, at the same batch size. */
  private double plainSpeed(Path adapter) {
    List<String> batch = Collections.nCopies(prompts * group, PROMPT);
    double tokensMade = 0;
    double taken = 0;
    try (LanguageModel loaded = LanguageModel.load(model, LoraAdapter.at(adapter))) {
      for (int i = -warmup; i < rollouts; i++) {
        GenerationOptions options =
            GenerationOptions.builder().maxNewTokens(tokens).seed(i).build();
        long begun = System.nanoTime();
        List<Generation> generated = loaded.generateAll(batch, options);
        double seconds = Timing.since(begun);
        if (i >= 0) {
          tokensMade +=
              generated.stream().mapToInt(generation -> generation.tokenIds().size()).sum();
          taken += seconds;
        }
      }
    }
    return tokensMade / taken;
  }

  private void report(Watch watch, double plain) {
    Report report = new Report("GRPO with LoRA r=16, " + model);
    report.line(
        "setting",
        "%d prompts x %d completions of at most %d tokens, %d rollouts after %d of warm-up",
        prompts,
        group,
        tokens,
        rollouts,
        warmup);
    report.line(
        "seconds a rollout",
        "%.3f: generating %.3f, training step %.3f, reference %.3f, rewards %.3f",
        watch.wall / rollouts,
        watch.generating / rollouts,
        watch.training / rollouts,
        watch.scoring / rollouts,
        watch.rewarding / rollouts);
    report.atLeast("inside both", (watch.generating + watch.training) / watch.wall, SHARE_TARGET);
    double speed = watch.generated / watch.generating;
    report.line("rollout tokens/s", "%.0f, plain batch generation %.0f", speed, plain);
    report.atLeast("of plain", speed / plain, SPEED_TARGET);
    report.line("peak resident", "%.2f GB of the process", Machine.peakResident() / 1e9);
    report.print();
  }
}
