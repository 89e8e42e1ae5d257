import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Memory cost of a reward model in PPO: policy, reference and value model on one 135M-parameter
 * network in bf16 with LoRA of rank 16, and the reward from code, from an adapter on the same
 * network, and from a separate network. Each case runs several times in its own process; the
 * smallest peak counts, since uncollected garbage only adds.
 */
public final class RewardMemoryBenchmark {

  private static final String OPTIONS = "--prompts 8 --tokens 64 --rounds 3";

  private RewardMemoryBenchmark() {}

  /** Bytes of a case. */
  private record Cost(double peak, double forecast) {

    Cost or(Cost other) {
      return new Cost(Math.min(peak, other.peak), forecast);
    }
  }

  /** Options: {@code --prompts} per rollout, {@code --tokens} per completion, {@code --rounds}. */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    int prompts = arguments.number("--prompts", 1);
    int tokens = arguments.number("--tokens", 1);
    int rounds = arguments.number("--rounds", 1);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      OwnProcess.run(RewardMemoryCase.class, RewardMemoryCase.PREPARE, folder.path()).peak();
      report(
          prompts,
          tokens,
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.CODE, prompts, tokens)),
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.SHARED, prompts, tokens)),
          least(rounds, () -> cost(folder.path(), RewardMemoryCase.OWN, prompts, tokens)));
    }
  }

  private static Cost least(int rounds, Supplier<Cost> round) {
    return Stream.generate(round).limit(rounds).reduce(Cost::or).orElseThrow();
  }

  private static Cost cost(Path folder, String way, int prompts, int tokens) {
    OwnProcess process = OwnProcess.run(RewardMemoryCase.class, way, folder, prompts, tokens);
    return new Cost(process.peak(), process.number(RewardMemoryCase.FORECAST));
  }

  private static void report(int prompts, int tokens, Cost code, Cost shared, Cost own) {
    Report report = new Report("Memory of PPO with a reward model, SmolLM2-135M's shape");
    report.line(
        "setting",
        "bf16, LoRA r=16, a rollout of %d completions of %d tokens in two updates",
        prompts,
        tokens);
    line(report, "reward from code", code);
    line(report, "an adapter", shared);
    line(report, "a second network", own);
    report.figure(
        Measurement.smaller("an adapter adds", "MB", (shared.peak() - code.peak()) / 1e6));
    report.figure(Measurement.smaller("a network adds", "MB", (own.peak() - code.peak()) / 1e6));
    report.print();
  }

  private static void line(Report report, String name, Cost cost) {
    report.line(
        name,
        "%.2f GB peak resident, forecast %.2f GB (%.3f)",
        cost.peak() / 1e9,
        cost.forecast() / 1e9,
        cost.forecast() / cost.peak());
  }

  /**
   * One PPO rollout and its updates with one kind of reward, in a separate process: prints the peak
   * RSS and the forecast. Another process first prepares the policy's base and the reward's adapter
   * in a folder.
   */
  static final class RewardMemoryCase {

    static final String PREPARE = "prepare";
    static final String CODE = "code";
    static final String SHARED = "shared";
    static final String OWN = "own";

    static final String FORECAST = "forecast ";

    private static final String PROMPT = "Once upon a time, there was a little girl named Lily.";

    private final Path folder;

    private RewardMemoryCase(Path folder) {
      this.folder = folder;
    }

    /** Runs a case. */
    public static void main(String[] line) {
      RewardMemoryCase rewardMemoryCase = new RewardMemoryCase(Path.of(line[1]));
      if (line[0].equals(PREPARE)) {
        rewardMemoryCase.prepare();
      } else {
        rewardMemoryCase.run(line[0], Integer.parseInt(line[2]), Integer.parseInt(line[3]));
      }
      OwnProcess.printPeak();
    }

    private ModelSource base() {
      return ModelSource.path(folder.resolve("base"));
    }

    private Path adapter() {
      return folder.resolve("reward/last");
    }

    private void prepare() {
      Path base = folder.resolve("base");
      SmolLm.write(base);
      try {
        Files.copy(ExampleFiles.model().resolve("tokenizer.json"), base.resolve("tokenizer.json"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      tuner(Task.reward(), rows(new Example.Preference(PROMPT, " She ran.", " She sat."), 2))
          .batchSize(2)
          .output(folder.resolve("reward"))
          .build()
          .run();
    }

    private void run(String way, int prompts, int tokens) {
      switch (way) {
        case CODE -> train((prompt, completion, fields) -> completion.length(), prompts, tokens);
        case SHARED -> train(RewardModel.onPolicy(LoraAdapter.at(adapter())), prompts, tokens);
        case OWN -> {
          try (RewardModel reward =
              RewardModel.load(base(), Precision.BF16, LoraAdapter.at(adapter()))) {
            train(reward, prompts, tokens);
          }
        }
        default -> throw new IllegalArgumentException("No such case: " + way);
      }
    }

    private void train(RewardFunction reward, int prompts, int tokens) {
      Ppo ppo =
          Ppo.builder()
              .reward("liked", reward)
              .promptsPerRollout(prompts)
              .maxNewTokens(tokens)
              .build();
      FineTuner tuner =
          tuner(Task.reinforcement(ppo), rows(new Example.Text(PROMPT), prompts))
              .batchSize(prompts / 2)
              .output(folder.resolve("policy"))
              .overwriteOutput()
              .build();
      long forecast = ((RunPlan) tuner.plan()).forecast().orElseThrow().memory().peakBytes();
      tuner.run();
      System.out.println(FORECAST + forecast);
    }

    private FineTuner.Builder tuner(Task task, Dataset rows) {
      return FineTuner.builder()
          .model(base())
          .task(task)
          .dataset(rows)
          .method(Lora.rank(16))
          .precision(Precision.BF16)
          .epochs(1)
          .saveLimit(0)
          .evaluateEvery(Interval.EPOCH);
    }

    private static Dataset rows(Example row, int count) {
      return Datasets.of(Collections.nCopies(count, row));
    }
  }
}
