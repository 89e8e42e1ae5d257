package io.adapt4j.benchmarks.suite;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs as JSON: {@code schema} 1. */
final class RunJson {

  private static final int MAX_BYTES = 4 << 20;
  private static final int SCHEMA = 1;

  private RunJson() {}

  static ObjectNode write(Run run) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("schema", SCHEMA)
            .put("date", run.date().toString())
            .put("profile", Fields.written(run.profile()))
            .put("only", run.only())
            .put("seconds", run.seconds())
            .put("commit", run.commit().id())
            .put("commit_changed", run.commit().changed());
    Environment machine = run.machine();
    ObjectNode environment =
        json.putObject("machine")
            .put("processor", machine.processor())
            .put("cores", machine.cores())
            .put("memory_gib", machine.memoryGib())
            .put("system", machine.system())
            .put("threads_wait", machine.threadsWait());
    ArrayNode sets = environment.putArray("instruction_sets");
    machine.instructionSets().forEach(sets::add);
    json.putObject("versions")
        .put("adapt4j", run.versions().adapt4j())
        .put("libtorch", run.versions().libtorch())
        .put("djl", run.versions().djl())
        .put("java", run.versions().java());
    ArrayNode results = json.putArray("results");
    run.results().forEach(result -> results.add(write(result)));
    return json;
  }

  private static ObjectNode write(Result result) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("benchmark", result.benchmark())
            .put("setting", result.setting())
            .put("status", Fields.written(result.status()));
    if (!result.reason().isEmpty()) {
      json.put("reason", result.reason());
    }
    ArrayNode figures = json.putArray("figures");
    result.figures().forEach(figure -> figures.add(FigureJson.write(figure)));
    return json;
  }

  /**
   * Reads a run.
   *
   * @throws io.adapt4j.core.exception.DescriptionException if the file is none, with all that is
   *     wrong
   */
  static Run read(Path file) {
    Problems problems = new Problems();
    Fields fields = Fields.of("", Documents.read(file, MAX_BYTES), problems);
    int schema = fields.integer("schema", 1).orElse(0);
    if (schema != SCHEMA) {
      fields.problem(
          "schema", "expected " + SCHEMA + ". Measure again, or read it with its own version.");
    }
    Optional<Instant> date = date(fields);
    Profile profile = fields.choice("profile", Profile.class).orElse(Profile.QUICK);
    double seconds = fields.number("seconds", "of at least 0", one -> one >= 0).orElse(0.0);
    Commit commit =
        new Commit(fields.text("commit").orElse(""), fields.flag("commit_changed").orElse(false));
    String only = fields.text("only").orElse("");
    Environment machine = machine(part(fields, "machine"));
    Versions versions = versions(part(fields, "versions"));
    List<Result> results = new ArrayList<>();
    for (Fields result : fields.mappings("results")) {
      result(result).ifPresent(results::add);
    }
    fields.finish();
    problems.finish();
    return new Run(date.orElseThrow(), profile, only, seconds, commit, machine, versions, results);
  }

  private static Optional<Instant> date(Fields fields) {
    fields.require("date", "Write when the run began, such as 2026-11-25T15:00:00Z.");
    Optional<String> text = fields.text("date");
    try {
      return text.map(Instant::parse);
    } catch (DateTimeParseException e) {
      fields.problem("date", "expected such as 2026-11-25T15:00:00Z, found " + text.get() + ".");
      return Optional.empty();
    }
  }

  private static Fields part(Fields fields, String key) {
    fields.require(key, "Measure again.");
    return fields
        .mapping(key)
        .orElseGet(() -> Fields.of(key, Documents.parse(key, Path.of(""), "{}"), new Problems()));
  }

  private static Environment machine(Fields fields) {
    Environment machine =
        new Environment(
            word(fields, "processor"),
            fields.integer("cores", 1).orElse(1),
            fields.whole("memory_gib").orElse(0L),
            fields.texts("instruction_sets"),
            word(fields, "system"),
            word(fields, "threads_wait"));
    fields.finish();
    return machine;
  }

  private static Versions versions(Fields fields) {
    Versions versions =
        new Versions(
            word(fields, "adapt4j"),
            word(fields, "libtorch"),
            word(fields, "djl"),
            word(fields, "java"));
    fields.finish();
    return versions;
  }

  private static String word(Fields fields, String key) {
    fields.require(key, "Measure again.");
    return fields.text(key).orElse("");
  }

  private static Optional<Result> result(Fields fields) {
    String benchmark = word(fields, "benchmark");
    String setting = fields.text("setting").orElse("");
    Result.Status status =
        fields.choice("status", Result.Status.class).orElse(Result.Status.MEASURED);
    String reason = fields.text("reason").orElse("");
    List<Figure> figures = new ArrayList<>();
    for (Fields figure : fields.mappings("figures")) {
      FigureJson.read(figure).ifPresent(figures::add);
    }
    fields.finish();
    List<Result> made = new ArrayList<>();
    fields.attempt(
        "figures", () -> made.add(new Result(benchmark, setting, status, reason, figures)));
    return made.stream().findFirst();
  }
}
