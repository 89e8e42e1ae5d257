package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
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
import io.adapt4j.upkeep.cycle.AliasFollower;
import io.adapt4j.upkeep.cycle.CollectedRows;
import io.adapt4j.upkeep.cycle.CycleWindow;
import io.adapt4j.upkeep.cycle.PromotionRule;
import io.adapt4j.upkeep.cycle.TrainingJob;
import io.adapt4j.upkeep.cycle.TrainingRule;
import io.adapt4j.upkeep.cycle.UpdateCycle;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRows;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Keeps a small model good: a first adapter that knows where things are, complaints of customers
 * after some have moved, an update cycle that learns their corrections and is promoted by its exam,
 * and a rollback.
 *
 * <p>{@code KeepItGood [FOLDER]} (default: {@code runs/keep-it-good}, which must not exist).
 */
public final class KeepItGood {

  private static final List<String> THINGS =
      List.of(
          "ball", "bear", "bird", "book", "box", "boat", "cake", "car", "cat", "cup", "dog", "doll",
          "duck", "fish", "frog", "hat");

  private static final String TEMPLATE = "alpaca";
  private static final String BEFORE = "In the house.";
  private static final String AFTER = "At the park.";
  private static final int MOVED = 8;

  private static final GenerationOptions GREEDY =
      GenerationOptions.builder().temperature(0).maxNewTokens(12).stopStrings(".").build();

  private final ModelSource base;
  private final Path folder;
  private final PrintStream out;
  private final Registry registry;
  private final FeedbackLog log;

  /** Keeps a small model in a folder, and prints what happens. */
  KeepItGood(ModelSource base, Path folder, PrintStream out) {
    this.base = base;
    this.folder = folder;
    this.out = out;
    registry = Registry.open(folder.resolve("registry"));
    log = FeedbackLog.open(folder.resolve("feedback"));
  }

  /**
   * Runs the example.
   *
   * @param arguments the folder to write to
   */
  public static void main(String[] arguments) {
    new KeepItGood(
            ModelSource.path(Path.of("examples", "models", "stories260K")),
            Path.of(arguments.length > 0 ? arguments[0] : "runs/keep-it-good"),
            System.out)
        .run();
  }

  void run() {
    out.print(cycle().run().text());
    try (LanguageModel model = LanguageModel.load(base)) {
      AliasFollower follower = new AliasFollower(registry, "things@production", model);
      follower.update();
      out.println("\nThe bird has moved, and customers correct the answer:");
      complain(follower);
      out.print("\n" + cycle().run().text());
      follower.update();
      out.println("\n" + question("bird") + " " + answer(follower, "bird"));
      out.println(question("hat") + " " + answer(follower, "hat"));
      ModelVersion back = registry.rollback("things", Change.by("anna", "to show it"));
      follower.update();
      out.println("\nRolled back to " + back.reference() + ":");
      out.println(question("bird") + " " + answer(follower, "bird"));
    }
  }

  private static String question(String thing) {
    return "Where is the " + thing + "?";
  }

  private static List<ChatMessage> request(String thing) {
    return List.of(ChatMessage.user(question(thing)));
  }

  private static String answer(AliasFollower follower, String thing) {
    try (AliasFollower.Lease lease = follower.lease("customer of the " + thing)) {
      return answer(lease.model(), thing);
    }
  }

  private static String answer(LanguageModel model, String thing) {
    return model.chat(request(thing), GREEDY).strip() + ".";
  }

  /** Asks for the things that have moved, and records answers and corrections. */
  private void complain(AliasFollower follower) {
    for (String thing : THINGS.subList(0, MOVED)) {
      String id = "answer-" + thing;
      String customer = "customer of the " + thing;
      try (AliasFollower.Lease lease = follower.lease(customer)) {
        String text = answer(lease.model(), thing);
        log.record(
            RecordedAnswer.of(id, lease.version().exact(), request(thing), text)
                .withCustomer(customer)
                .withConsent(true));
        log.add(Feedback.on(id).rated(Rating.DOWN).corrected(AFTER).withConsent(true));
        if (thing.equals("bird")) {
          out.println(question(thing) + " " + text + " Corrected: " + AFTER);
        }
      }
    }
  }

  /** Right answer of now: all are in the house at first, the first half at the park later. */
  private String right(int thing) {
    return log.judged().answers().isEmpty() || thing >= MOVED ? BEFORE : AFTER;
  }

  /** Rows of corrections, and of what has not changed. */
  private CollectedRows collect(CycleWindow window, Path target) {
    FeedbackRows corrected = FeedbackRules.all().rows(log.judged());
    List<Example> rows = new ArrayList<>();
    if (corrected.size() > 0) {
      Dataset learned = FeedbackRows.dataset(corrected.answers());
      for (int i = 0; i < learned.size(); i++) {
        rows.add(learned.get(i));
      }
    }
    for (int i = corrected.size() > 0 ? MOVED : 0; i < THINGS.size(); i++) {
      rows.add(
          new Example.Chat(
              List.of(ChatMessage.user(question(THINGS.get(i))), ChatMessage.assistant(BEFORE))));
    }
    Datasets.write(Datasets.of(rows), target);
    return CollectedRows.of(rows.size());
  }

  private Path train(TrainingJob job) {
    return FineTuner.builder()
        .model(base)
        .dataset(Datasets.jsonl(job.rows()))
        .chatTemplate(TEMPLATE)
        .method(
            job.start()
                .map(version -> Lora.continuing(version.folder()))
                .orElseGet(() -> Lora.rank(8)))
        .learningRate(2e-3)
        .batchSize(8)
        .epochs(60)
        .output(job.output())
        .overwriteOutput()
        .build()
        .run()
        .last();
  }

  private Evaluator exam(CycleWindow window) {
    List<Item> moved = new ArrayList<>();
    List<Item> stayed = new ArrayList<>();
    for (int i = 0; i < THINGS.size(); i++) {
      (i < MOVED ? moved : stayed)
          .add(
              Tasks.answerItem(
                  THINGS.get(i),
                  question(THINGS.get(i)),
                  GREEDY,
                  List.of(right(i).replace(".", "")),
                  AnswerExtraction.whole(),
                  AnswerMetric.EXACT_MATCH,
                  Map.of()));
    }
    List<TaskMetric> metrics = List.of(TaskMetric.mean("exact_match"));
    return Evaluator.builder()
        .tasks(new Task("moved", moved, metrics, false), new Task("stayed", stayed, metrics, false))
        .build();
  }

  private EvaluationReport examine(ModelVersion version, Evaluator evaluator) {
    try (LanguageModel model = LanguageModel.load(base, Adapter.at(version.folder()))) {
      return evaluator.evaluate(version.reference(), Candidate.chat(model));
    }
  }

  private UpdateCycle cycle() {
    return UpdateCycle.builder(registry, "things", folder.resolve("cycles"))
        .collect(this::collect)
        .trainWhen(TrainingRule.rows(THINGS.size()))
        .train(this::train)
        .exam(this::exam, this::examine)
        .promote(PromotionRule.improving("moved").keeping("stayed", 0.3))
        .build();
  }
}
