package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.lora.Lora;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two cycles with a real model, the swap under load, and a rollback. */
class UpkeepEndToEndTest {

  private static final ModelSource BASE =
      ModelSource.path(Path.of("..", "examples", "models", "stories260K"));
  private static final int CALLERS = 32;
  private static final int QUESTIONS = 20;
  private static final GenerationOptions GREEDY =
      GenerationOptions.builder().temperature(0).maxNewTokens(12).stopStrings(".").build();

  @TempDir Path temp;

  private Registry registry;
  private String answer = " the red ball.";

  private static String question(int i) {
    return "Box " + i + " has";
  }

  private CollectedRows collect(CycleWindow window, Path target) throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < QUESTIONS; i++) {
      rows.append("{\"prompt\": \"%s\", \"completion\": \"%s\"}\n".formatted(question(i), answer));
    }
    Files.writeString(target, rows);
    return CollectedRows.of(QUESTIONS);
  }

  private static Path train(TrainingJob job) {
    return FineTuner.builder()
        .model(BASE)
        .dataset(Datasets.jsonl(job.rows()))
        .method(
            job.start()
                .map(version -> Lora.continuing(version.folder()))
                .orElseGet(() -> Lora.rank(8)))
        .learningRate(1e-2)
        .maxSteps(60)
        .batchSize(10)
        .output(job.output())
        .build()
        .run()
        .last();
  }

  /** The questions, whose answers are those of the cycle's rows. */
  private Evaluator exam(CycleWindow window) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < QUESTIONS; i++) {
      items.add(
          Tasks.answerItem(
              "box" + i,
              question(i),
              GREEDY,
              List.of(answer.replace(".", "").strip()),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of()));
    }
    return Evaluator.builder()
        .tasks(new Task("boxes", items, List.of(TaskMetric.mean("exact_match")), false))
        .build();
  }

  private static EvaluationReport examine(ModelVersion version, Evaluator evaluator) {
    try (LanguageModel model = LanguageModel.load(BASE, Adapter.at(version.folder()))) {
      return evaluator.evaluate(version.reference(), Candidate.of(model));
    }
  }

  private CycleReport cycle() {
    return UpdateCycle.builder(registry, "boxes", temp.resolve("cycles"))
        .collect(this::collect)
        .train(UpkeepEndToEndTest::train)
        .exam(this::exam, UpkeepEndToEndTest::examine)
        .promote(PromotionRule.improving("boxes"))
        .build()
        .run();
  }

  /** Returns the version that answered, and its answer. */
  private static String ask(AliasFollower follower) {
    try (AliasFollower.Lease lease = follower.lease("anna")) {
      return lease.version().reference() + ": " + lease.model().generate(question(3), GREEDY);
    }
  }

  @Test
  void anAdapterIsPromotedSwappedUnderLoadAndRolledBack() throws Exception {
    registry = Registry.open(temp.resolve("registry"));
    assertThat(cycle().outcome()).isEqualTo(Outcome.PROMOTED);
    try (LanguageModel model = LanguageModel.load(BASE)) {
      AliasFollower follower = new AliasFollower(registry, "boxes@production", model);
      assertThat(follower.update()).contains(registry.resolve("boxes@1"));
      String before = ask(follower);
      answer = " a big blue cat.";

      CycleReport second = cycle();

      assertThat(second.text()).contains("Promoted boxes@2.");
      List<String> answers = swappedUnderLoad(follower);
      String after = ask(follower);
      assertThat(after).isNotEqualTo(before);
      assertThat(answers).hasSizeGreaterThanOrEqualTo(3 * CALLERS).containsOnly(before, after);
      assertThat(answers).contains(before, after);
      assertThat(follower.serving()).contains(registry.resolve("boxes@2"));
      assertThat(before).startsWith("boxes@1: ");
      assertThat(after).startsWith("boxes@2: ");
      assertThat(follower.update()).isEmpty();
      assertThat(model.adapterNames()).as("the former is freed").containsExactly("boxes@2");

      registry.rollback("boxes", Change.by("anna", "customers complained"));
      assertThat(follower.update()).contains(registry.resolve("boxes@1"));
      assertThat(follower.update()).isEmpty();
      assertThat(ask(follower)).isEqualTo(before);
    }
  }

  /** Returns the answers of callers that ask before, during and after a swap. */
  private static List<String> swappedUnderLoad(AliasFollower follower) throws Exception {
    AtomicBoolean swapped = new AtomicBoolean();
    AtomicInteger asked = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Future<List<String>>> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        callers.add(
            threads.submit(
                () -> {
                  List<String> answers = new ArrayList<>();
                  boolean last;
                  do {
                    last = swapped.get();
                    answers.add(ask(follower));
                    asked.incrementAndGet();
                  } while (!last);
                  return answers;
                }));
      }
      while (asked.get() < 2 * CALLERS) {
        Thread.sleep(1);
      }
      follower.update();
      swapped.set(true);
      List<String> answers = new ArrayList<>();
      for (Future<List<String>> caller : callers) {
        answers.addAll(caller.get());
      }
      return answers;
    } finally {
      threads.shutdownNow();
    }
  }
}
