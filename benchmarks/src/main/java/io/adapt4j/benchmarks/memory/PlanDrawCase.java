package io.adapt4j.benchmarks.memory;

import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Plans or runs a configuration of {@link PlanDrawBenchmark} in its own process, as a user's
 * program does.
 */
@InSuite(leftOut = "a part of PlanDrawBenchmark")
final class PlanDrawCase {

  static final String PEAK = "peak RSS      bytes ";
  static final String PREDICTED = "predicted bytes ";
  static final String DETAIL = "| ";

  private static final int STEPS = 2;

  private final PlanDraw draw;
  private final Path folder;
  private final SplittableRandom random = new SplittableRandom(3);

  private PlanDrawCase(PlanDraw draw, Path folder) {
    this.draw = draw;
    this.folder = folder;
  }

  /** Plans or runs. */
  public static void main(String[] line) {
    PlanDraw draw =
        PlanDraw.of(Long.parseLong(line[1]), Integer.parseInt(line[2]), Integer.parseInt(line[3]));
    PlanDrawCase planDrawCase = new PlanDrawCase(draw, Path.of(line[4]));
    planDrawCase.plan();
    if (line[0].equals("run")) {
      planDrawCase.run();
    }
  }

  private void plan() {
    MemoryEstimate memory = ((RunPlan) tuner().plan()).forecast().orElseThrow().memory();
    memory.lasting().forEach(PlanDrawCase::print);
    for (MemoryEstimate.Phase phase : memory.phases()) {
      System.out.println(
          DETAIL
              + phase.name()
              + (phase.name().equals(memory.peakPhase().name()) ? ", the peak" : ""));
      phase.items().forEach(PlanDrawCase::print);
    }
    System.out.println(PREDICTED + memory.peakBytes());
  }

  private static void print(MemoryItem item) {
    System.out.printf("%s  %-36s %8.1f MB%n", DETAIL, item.name(), item.bytes() / 1e6);
  }

  private void run() {
    tuner().run();
    System.out.println(PEAK + Machine.peakResident());
  }

  private FineTuner tuner() {
    return FineTuner.builder()
        .model(ModelSource.path(folder.resolve("model")))
        .task(task())
        .dataset(split())
        .method(draw.fineTuning())
        .precision(draw.bf16() ? Precision.BF16 : Precision.FP32)
        .optimizer(draw.steps())
        .batchSize(draw.batch())
        .gradientAccumulation(accumulation())
        .gradientCheckpointing(draw.checkpointing())
        .maxLength(maxLength())
        .learningRate(1e-5)
        .epochs(1)
        .evaluateEvery(Interval.EPOCH)
        .output(folder.resolve("output"))
        .overwriteOutput()
        .build();
  }

  private int accumulation() {
    return draw.task().equals(PlanDraw.GRPO) ? 1 : draw.accumulation();
  }

  private int maxLength() {
    return draw.task().equals(PlanDraw.GRPO) ? draw.length() + draw.generated() : draw.length();
  }

  private Task task() {
    return switch (draw.task()) {
      case PlanDraw.CLASSES -> Task.classification();
      case PlanDraw.EMBEDDINGS -> Task.embeddings();
      case PlanDraw.DPO ->
          draw.method().equals("full")
              ? Task.preference(PreferenceLoss.dpo(0.1)).reference(Reference.precomputed())
              : Task.preference(PreferenceLoss.dpo(0.1));
      case PlanDraw.REWARD -> Task.reward();
      case PlanDraw.GRPO ->
          Task.reinforcement(
              Grpo.builder()
                  .reward("length", (prompt, completion, fields) -> completion.length())
                  .promptsPerRollout(draw.batch())
                  .groupSize(PlanDraw.GROUP)
                  .maxNewTokens(draw.generated())
                  .build());
      default -> Task.nextTokens();
    };
  }

  private Split split() {
    boolean policy = draw.task().equals(PlanDraw.GRPO);
    int train = policy ? draw.batch() * 2 : draw.batch() * draw.accumulation() * STEPS;
    return new Split(
        Datasets.of(rows(train)), Datasets.of(rows(draw.batch())), Datasets.of(rows(1)).take(0));
  }

  private List<Example> rows(int count) {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(row(i));
    }
    return rows;
  }

  /** Returns a row; longer texts are truncated to the limit. */
  private Example row(int number) {
    int length = draw.length();
    return switch (draw.task()) {
      case PlanDraw.CLASSES ->
          new Example.Classified(
              words(length), Optional.empty(), List.of(number % 2 == 0 ? "a" : "b"));
      case PlanDraw.EMBEDDINGS -> new Example.QueryPassage(words(length), words(length), List.of());
      case PlanDraw.DPO, PlanDraw.REWARD ->
          new Example.Preference(words(length / 16), words(length), words(length));
      case PlanDraw.GRPO -> new Example.Text(words(length / 8));
      default -> new Example.Text(words(length));
    };
  }

  private String words(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(WORD.get(random.nextInt(WORD.size())));
    }
    return text.toString();
  }

  private static final List<String> WORD =
      List.of("once", "upon", "a", "time", "there", "was", "little", "girl", "who", "ran");

  /** Copies the model's files other than weights. */
  static void tokenizer(Path model) {
    try {
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        Path file = ExampleFiles.model().resolve(name);
        if (Files.exists(file)) {
          Files.copy(file, model.resolve(name));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
