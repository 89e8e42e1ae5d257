package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.eval.Cost;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.upkeep.cycle.CollectedRows;
import io.adapt4j.upkeep.cycle.PromotionRule;
import io.adapt4j.upkeep.cycle.RollbackGuard;
import io.adapt4j.upkeep.cycle.UpdateCycle;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.FeedbackRules;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.MlflowRegistry;
import io.adapt4j.upkeep.registry.ModelPack;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Registries, logs of feedback and update cycles, on disk and as others tell them. */
final class UpkeepTargets {

  private static final Change CHANGE = Change.by("anna", "a test").allowingNoExam();

  private UpkeepTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        FolderTarget.of("registry-folder", UpkeepTargets::register, UpkeepTargets::useRegistry),
        FolderTarget.of("model-pack", UpkeepTargets::pack, UpkeepTargets::unpack),
        mlflow(),
        FolderTarget.of("feedback-folder", UpkeepTargets::log, UpkeepTargets::useLog),
        FolderTarget.of("cycle-folder", UpkeepTargets::cycle, UpkeepTargets::continueCycle),
        FolderTarget.of("guard-folder", UpkeepTargets::guard, UpkeepTargets::useGuard),
        FolderTarget.of(
            "report-history",
            folder -> ReportWriter.of(report()).writeJson(folder.resolve("one.json")),
            folder -> ReportWriter.of(report()).history(folder).html()));
  }

  private static Path adapter(Path folder, String weights) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("adapter_config.json"), "{\"r\": 8}\n");
    Files.writeString(folder.resolve("adapter_model.safetensors"), weights);
    return folder;
  }

  private static EvaluationReport report() {
    ConfidenceInterval half = new ConfidenceInterval(0.5, 0.4, 0.6, 0.95);
    TaskResult result =
        new TaskResult(
            "faq", false, List.of(TaskMetric.mean("acc")), Map.of("acc", half), List.of());
    return new EvaluationReport("tuned", "tuned at 1", List.of(result), Cost.NONE);
  }

  private static Registry registry(Path folder) {
    return Registry.open(folder.resolve("registry"));
  }

  private static void register(Path folder) throws IOException {
    Registry registry = registry(folder);
    for (String weights : List.of("one", "two")) {
      Path run = adapter(folder.resolve("run"), weights);
      ModelVersion version = registry.add(NewVersion.of("m", run));
      registry.addExam(version, report());
      registry.promote(version, CHANGE);
      Parts.delete(run);
    }
  }

  private static void useRegistry(Path folder) throws IOException {
    Seals.json(folder, ".*\\.json");
    Seals.lines(folder, ".*\\.jsonl");
    Registry registry = registry(folder);
    registry.verify();
    registry.names().forEach(registry::history);
    registry.versions("m").forEach(registry::exams);
    ModelVersion production = registry.resolve("m@production");
    registry.rollback("m", CHANGE);
    registry.delete(production, CHANGE);
    registry.add(NewVersion.of("m", adapter(folder.resolve("run"), "three")));
  }

  private static void pack(Path folder) throws IOException {
    register(folder);
    Registry registry = registry(folder);
    Path layout = folder.resolve("layout");
    ModelPack.write(registry, registry.resolve("m@2"), layout);
    Parts.delete(registry.folder());
  }

  /** Gives each damaged file the name and the size that the others say, then reads. */
  private static void unpack(Path folder) throws IOException {
    Path layout = folder.resolve("layout");
    for (int i = 0; i < 2; i++) {
      for (Map.Entry<String, byte[]> file : Parts.ofFolder(layout).contents().entrySet()) {
        String old = file.getKey().replaceAll(".*/", "");
        String now = FileDigest.sha256(file.getValue());
        if (file.getKey().startsWith("blobs/") && !now.equals(old)) {
          Files.move(layout.resolve(file.getKey()), layout.resolve("blobs/sha256/" + now));
          for (Map.Entry<String, byte[]> other : Parts.ofFolder(layout).contents().entrySet()) {
            String text = new String(other.getValue(), UTF_8);
            if (text.contains(old)) {
              String named = "sha256:" + now + "\",\"size\":" + file.getValue().length;
              text = text.replaceAll("sha256:" + old + "\",\"size\":\\d+", named);
              Files.writeString(layout.resolve(other.getKey()), text);
            }
          }
        }
      }
    }
    Registry registry = registry(folder);
    List<String> problems = registry.verify(ModelPack.read(registry, "n", layout, ""));
    if (!problems.isEmpty()) {
      throw new AssertionError("imported with problems: " + problems);
    }
  }

  private static FuzzTarget mlflow() {
    String version =
        """
        {"model_version": {"name": "m", "version": "3", "source": "file:///nowhere",
         "status": "READY", "aliases": ["production"], "tags": [{"key": "a", "value": "b"}]}}
        """;
    Map<String, byte[]> answers = new LinkedHashMap<>();
    answers.put("model", "{\"registered_model\": {\"name\": \"m\"}}".getBytes(UTF_8));
    answers.put("created", version.getBytes(UTF_8));
    answers.put("found", version.getBytes(UTF_8));
    answers.put(
        "page",
        version
            .replace("{\"model_version\": ", "{\"next_page_token\": \"a\", \"model_versions\": [")
            .replaceFirst("}\\s*$", "]}")
            .getBytes(UTF_8));
    answers.put("last", "{\"model_versions\": []}".getBytes(UTF_8));
    Parts parts = new Parts(answers);
    return new FuzzTarget(
        "mlflow-answers",
        parts::seeds,
        bytes -> {
          Answers server = Answers.with(parts.with(bytes).values());
          MlflowRegistry mlflow = MlflowRegistry.at(URI.create(server.address()));
          mlflow.createModel("m");
          mlflow.createVersion("m", URI.create("file:///a"), Optional.empty(), Map.of());
          mlflow.byAlias("m", "production");
          mlflow.versions("m");
        });
  }

  private static void log(Path folder) {
    FeedbackLog log = FeedbackLog.open(folder);
    List<ChatMessage> request = List.of(ChatMessage.user("Hello"));
    log.record(RecordedAnswer.of("a", "m@1", request, "Hi").withConsent(true).withCustomer("c"));
    log.record(RecordedAnswer.of("b", "m@2", request, "Ho").withConsent(true).withCustomer("d"));
    log.add(Feedback.on("a").rated(Rating.UP).withConsent(true));
    log.add(Feedback.on("b").corrected("He").preferredOver("a").withConsent(true));
    log.forget("d");
  }

  private static void useLog(Path folder) throws IOException {
    Seals.lines(folder, ".*\\.jsonl");
    FeedbackLog log = FeedbackLog.at(folder).retention(Duration.ofDays(30)).open();
    FeedbackRules.all().rows(log.judged());
    log.record(RecordedAnswer.of("new", "m@1", List.of(ChatMessage.user("x")), "y"));
    log.forget("c");
    log.forgotten();
    log.expire();
    log.read();
  }

  private static UpdateCycle describe(Path folder) {
    Evaluator exam = Evaluator.builder().tasks(Tasks.perplexity("faq", List.of("a"))).build();
    return UpdateCycle.builder(registry(folder), "m", folder.resolve("cycles"))
        .collect(
            (window, target) -> {
              Files.writeString(target, "rows\n");
              return CollectedRows.of(1);
            })
        .train(job -> adapter(job.output(), "trained"))
        .exam(
            exam,
            (version, evaluator) ->
                evaluator.evaluate(version.reference(), new KeptFileTargets.Parrot()))
        .promote(PromotionRule.improving("faq"))
        .build();
  }

  private static void cycle(Path folder) throws IOException {
    register(folder);
    describe(folder).run();
  }

  private static void continueCycle(Path folder) throws IOException {
    Seals.json(folder, "cycles/.*\\.json");
    UpdateCycle cycle = describe(folder);
    String reports =
        cycle.reports().stream().map(report -> report.text()).collect(Collectors.joining());
    if (cycle.run().text().isBlank()) {
      throw new AssertionError("a cycle without an explanation after " + reports);
    }
  }

  private static RollbackGuard guardOf(Path folder) {
    return new RollbackGuard(registry(folder), "m", "rating", 0.05, folder.resolve("guard.json"));
  }

  private static void guard(Path folder) throws IOException {
    register(folder);
    RollbackGuard guard = guardOf(folder);
    guard.update();
    guard.add("m@1", 1);
    guard.add("m@2", 0.5);
    guard.update();
  }

  private static void useGuard(Path folder) throws IOException {
    Seals.json(folder, "guard\\.json");
    RollbackGuard guard = guardOf(folder);
    guard.update();
    guard.add("m@2", 0);
    guard.text();
  }
}
