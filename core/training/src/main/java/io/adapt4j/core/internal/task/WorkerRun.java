package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.internal.train.RunStates;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A run described as text, to be sent to workers. */
public final class WorkerRun {

  private WorkerRun() {}

  public static JsonNode describe(FineTuneSettings settings) {
    WrittenRecipe written = WrittenRecipe.of(settings, TaskDefinitions.OPTIONS);
    if (!written.omitted().isEmpty()) {
      throw SettingsException.ofFineTuning(
          written.omitted().stream()
              .map(text -> "this run cannot be described for another process: " + text)
              .toList());
    }
    if (settings.training().states().resume()) {
      written.keys().put(Options.RESUME.name(), true);
    }
    return written.keys();
  }

  /** Treatment of an existing run in the output folder. */
  public enum Start {
    /** The folder has no run, or the options decide. */
    AS_DESCRIBED,
    /** The run of the folder is replaced. */
    OVERWRITE,
    /** The run of the folder is resumed; without a saved state it starts from the beginning. */
    RESUME
  }

  /** Parses a run and trains as one of its workers. */
  public static TaskRunner.Outcome run(
      String description,
      Start start,
      Optional<Split> data,
      TrainingListener listener,
      WorkerGroup workers) {
    return TaskRunner.run(settings(description, start, data, listener), () -> false, workers);
  }

  public static FineTuneSettings settings(
      String description, Start start, Optional<Split> data, TrainingListener listener) {
    Set<String> unread =
        data.isPresent() ? Set.of(Options.DATA.name(), Options.VALIDATION.name()) : Set.of();
    Draft draft =
        RunReader.read(
            Documents.parse("the run", Path.of("").toAbsolutePath(), description), unread);
    data.ifPresent(parts -> Options.setData(draft, parts));
    if (start != Start.AS_DESCRIBED) {
      // An attempt that failed before its first saved state cannot be resumed.
      boolean resumes = start == Start.RESUME && RunStates.exist(draft.get(Options.OUTPUT));
      draft.set(Options.OVERWRITE_OUTPUT, !resumes);
      draft.set(Options.RESUME, resumes);
    }
    draft.set(Options.LISTENERS, List.of());
    return RunAssembly.of(draft, listener);
  }
}
