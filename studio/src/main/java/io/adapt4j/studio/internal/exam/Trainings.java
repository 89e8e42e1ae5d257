package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.exam.Exam.Candidate;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Trainings as exams see them: what they made, what they learned from, and what they held back. */
public final class Trainings {

  private static final long DESCRIPTION_BYTES = 1 << 20;

  private final Runs runs;

  public Trainings(Runs runs) {
    this.runs = runs;
  }

  /** The store of the trainings. */
  public Runs runs() {
    return runs;
  }

  /** Returns the description of a training as a tree. */
  public JsonNode description(Run run) throws IOException {
    String text = text(run);
    try {
      return Json.parse(text);
    } catch (JsonProcessingException e) {
      return ofYaml(run, text);
    }
  }

  /** The studio writes JSON, which people may replace by YAML. */
  private JsonNode ofYaml(Run run, String text) {
    try {
      return Json.written(RunDescription.parse(text).text());
    } catch (SettingsException e) {
      throw Workspace.damaged(runs.description(run.id()), e.getMessage());
    }
  }

  private String text(Run run) throws IOException {
    return Workspace.text(runs.description(run.id()), DESCRIPTION_BYTES);
  }

  /** Returns what a training made, if it made something: the best checkpoint, else the last. */
  public Optional<Candidate> made(Run run) throws IOException {
    for (String each : List.of("best", "last")) {
      Path folder = runs.output(run.id()).resolve(each);
      if (isModel(folder)) {
        return Optional.of(new Candidate("", name(run) + method(run), folder.toString(), run.id()));
      }
    }
    return Optional.empty();
  }

  /** Returns the name of a training, with a number if earlier ones have the same. */
  public String name(Run run) throws IOException {
    long earlier =
        runs.all().stream()
            .filter(each -> each.name().equals(run.name()) && each.added().isBefore(run.added()))
            .count();
    return earlier == 0 ? run.name() : run.name() + " #" + (earlier + 1);
  }

  /** Returns the method and its rank as the end of a name. */
  private String method(Run run) throws IOException {
    JsonNode method = description(run).path("method");
    if (!method.isObject() || method.size() != 1) {
      return method.isTextual() ? " · " + method.asText() : "";
    }
    String name = method.fieldNames().next();
    JsonNode rank = method.path(name).path("rank");
    return " · " + name + (rank.isNumber() ? " " + rank.asText() : "");
  }

  /** Returns whether a folder holds an adapter or a model. */
  public static boolean isModel(Path folder) {
    return Files.isRegularFile(folder.resolve("adapter_config.json"))
        || Files.isRegularFile(folder.resolve("config.json"));
  }

  /** Returns the newest training on a file that has finished and has held-back rows. */
  Optional<Run> holdingBack(Path file) throws IOException {
    for (Run run : runs.all()) {
      if (reads(run, file) && made(run).isPresent() && !heldBackParts(run).isEmpty()) {
        return Optional.of(run);
      }
    }
    return Optional.empty();
  }

  private List<Dataset> heldBackParts(Run run) throws IOException {
    if (!description(run).path("data").has("split")) {
      return List.of();
    }
    try {
      Split split = RunDescription.parse(text(run)).data();
      return List.of(split.test(), split.validation()).stream()
          .filter(rows -> rows.size() > 0)
          .toList();
    } catch (SettingsException e) {
      // The data has changed since.
      return List.of();
    }
  }

  /** Returns the rows that a training did not learn from: those to test on, and to validate on. */
  Dataset heldBack(Run run) throws IOException {
    return Datasets.concat(heldBackParts(run));
  }

  public boolean reads(Run run, Path file) throws IOException {
    return description(run).path("data").path("path").asText().equals(file.toString());
  }

  /**
   * Returns whether a training learned from some of a file's rows other than those that another
   * held back.
   */
  public boolean learned(Run run, Path file, Optional<Run> heldBack) throws IOException {
    if (!reads(run, file) || heldBack.equals(Optional.of(run))) {
      return false;
    }
    JsonNode split = description(run).path("data").path("split");
    return split.isMissingNode()
        || heldBack.isEmpty()
        || !split.equals(description(heldBack.get()).path("data").path("split"));
  }
}
