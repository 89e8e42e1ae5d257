package io.adapt4j.studio.internal.ship;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.plan.PlanText;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.upkeep.registry.ModelVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Models that can leave the studio, with adapters that runs have trained. */
public final class Artifacts {

  private static final String ADAPTER = "adapter_config.json";
  private static final String RECORD = "provenance.json";
  private static final long DESCRIPTION_BYTES = 1 << 20;

  private final Runs runs;
  private final Runs exports;
  private final Runs exams;
  private final LocalModels models;

  /** Creates a list of the results of runs, the outputs of exports, and local models. */
  public Artifacts(Runs runs, Runs exports, Runs exams, LocalModels models) {
    this.runs = runs;
    this.exports = exports;
    this.exams = exams;
    this.models = models;
  }

  /** A model, or a model with an adapter. */
  public record Artifact(String id, String name, String model, Optional<Path> adapter) {

    /** The folder that a registry keeps: the adapter's, else the model's. */
    public Path folder() {
      return adapter.orElseGet(() -> Path.of(model));
    }
  }

  /** Returns the results of runs that are done, the newest first. */
  public List<Artifact> ofRuns() throws IOException {
    List<Artifact> all = new ArrayList<>();
    for (Run run : runs.all()) {
      try {
        if (run.state() == State.DONE) {
          ofRun(run).ifPresent(all::add);
        }
      } catch (Refusal damaged) {
        // The log says which file.
      }
    }
    return all;
  }

  private Optional<Artifact> ofRun(Run run) throws IOException {
    String text = Workspace.text(runs.description(run.id()), DESCRIPTION_BYTES);
    String model = PlanText.form(text).getOrDefault("model", "");
    for (String name : List.of("best", "last")) {
      Path folder = runs.output(run.id()).resolve(name);
      if (isAdapter(folder)) {
        return Optional.of(new Artifact(run.id(), run.name(), model, Optional.of(folder)));
      }
      if (Files.exists(folder.resolve("config.json"))) {
        return Optional.of(new Artifact(run.id(), run.name(), folder.toString(), Optional.empty()));
      }
    }
    return Optional.empty();
  }

  /** Returns the folder of the run that a version came from, by its record. */
  public Optional<Path> runOf(ModelVersion version) throws IOException {
    Path record = version.folder().resolve(RECORD);
    List<Path> folders = new ArrayList<>();
    runs.all().forEach(run -> folders.add(runs.output(run.id())));
    exports.all().forEach(run -> folders.add(exports.output(run.id()).resolve("run")));
    for (Path folder : Files.exists(record) ? folders : List.<Path>of()) {
      for (String name : List.of("best", "last")) {
        Path other = folder.resolve(name).resolve(RECORD);
        if (Files.exists(other) && Files.mismatch(record, other) < 0) {
          return Optional.of(folder);
        }
      }
    }
    return Optional.empty();
  }

  public static boolean isAdapter(Path folder) {
    return Files.exists(folder.resolve(ADAPTER));
  }

  /** Returns the names of all models that can be served, by their paths. */
  public Map<String, String> models() throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    models.all().stream()
        .filter(model -> model.problem().isEmpty())
        .forEach(model -> all.put(model.path().toString(), model.name()));
    for (Artifact each : ofRuns()) {
      if (each.adapter().isEmpty()) {
        all.put(each.model(), each.id());
      } else if (isThere(each.model())) {
        all.putIfAbsent(each.model(), each.model());
      }
    }
    for (Run run : exports.all()) {
      for (Path path : run.state() == State.DONE ? outputs(run) : List.<Path>of()) {
        all.put(path.toString(), String.valueOf(path.getFileName()));
      }
    }
    return all;
  }

  /** Returns the models that an export has written. */
  public List<Path> outputs(Run run) throws IOException {
    Path output = exports.output(run.id());
    if (!Files.isDirectory(output)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(output)) {
      return files
          .filter(
              path ->
                  path.toString().endsWith(".gguf") || Files.exists(path.resolve("config.json")))
          .sorted()
          .toList();
    }
  }

  /** Returns whether a text is the path of something. */
  public static boolean isThere(String path) {
    try {
      return !path.isBlank() && Files.exists(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** Returns the number of a model's parameters, if its files tell. */
  public static OptionalLong parameters(String model) {
    try {
      return isThere(model) ? ModelInfo.read(Path.of(model)).parameters() : OptionalLong.empty();
    } catch (Adapt4jException e) {
      return OptionalLong.empty();
    }
  }

  /** Returns the reports of exams that are done, by the names of their runs. */
  public Map<String, Path> exams() throws IOException {
    Map<String, Path> reports = new LinkedHashMap<>();
    for (Run run : exams.all()) {
      Path report = exams.output(run.id()).resolve("report.json");
      if (run.state() == State.DONE && Files.exists(report)) {
        reports.put(run.id(), report);
      }
    }
    return reports;
  }
}
