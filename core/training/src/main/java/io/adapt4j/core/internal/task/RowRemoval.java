package io.adapt4j.core.internal.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.Draft;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.MaskedRowKeys;
import io.adapt4j.core.internal.recipe.Options;
import io.adapt4j.core.internal.train.RunStates;
import io.adapt4j.core.internal.train.StateTransfer;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.task.ClassificationProblem;
import io.adapt4j.core.task.ClassificationTask;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Removes training rows from a recorded run: the run made again with these rows masked, from its
 * newest state before their first use. The result equals a run in which they were masked from the
 * start, to the bit.
 */
public final class RowRemoval {

  /** The tasks, for messages. */
  static final String TASKS =
      "nextTokens, classification, preference pairs whose loss is built in, not AOT and without"
          + " Reference.precomputed, and embeddings that are not hybrid";

  private static final String DATA = "training data";
  private static final Set<String> FINISHED = Set.of("completed", "early_stopped");

  private final Path run;
  private final Provenance record;
  private final Optional<Split> data;

  private RowRemoval(Path run, Provenance record, Optional<Split> data) {
    this.run = run;
    this.record = record;
    this.data = data;
  }

  /** Reads the record of a run, with data that the record cannot recreate. */
  public static RowRemoval of(Path run, Optional<Split> data) {
    return new RowRemoval(run, Provenance.read(run), data);
  }

  /**
   * Plan of a removal: rows without those of earlier removals, their places and those of rows with
   * the same tokens, which stay; the first step that used one of them, empty if none did; the
   * states to continue from, none if all is repeated; and the identity of the run without the rows.
   */
  public record Plan(
      List<MaskedRow> rows,
      List<String> places,
      List<String> alike,
      OptionalInt firstStep,
      StateTransfer states,
      int totalSteps,
      Map<String, String> identity) {

    /** Returns the step of the state to continue from; 0 for the beginning. */
    public int startStep() {
      return states.step();
    }
  }

  private static <T extends Task> boolean masksRows(T task) {
    return TaskDefinitions.of(task).masksRows(task);
  }

  /** Encodes the data, compares it with the record and plans what to repeat; reads no weights. */
  public Plan plan(Function<Dataset, Set<Integer>> selection) {
    Draft draft = data.isPresent() ? RunRepeat.of(run, data.get()) : RunRepeat.of(run);
    // Nothing is written: the name only has to be free.
    draft.set(Options.OUTPUT, run.resolve(".plan-" + UUID.randomUUID()));
    Task task = draft.get(TaskDefinitions.TASK);
    if (!masksRows(task)) {
      throw SettingsException.ofFineTuning(
          List.of(
              record.file()
                  + ": rows can be removed from runs of "
                  + TASKS
                  + ", found "
                  + TaskDefinitions.of(task).names()
                  + ". Leave the rows out of the data and train again."));
    }
    FineTuneSettings settings = RunAssembly.of(draft, new TrainingListener() {});
    return TaskRunner.inspected(
        settings,
        (prepared, identity) ->
            plan(
                settings,
                prepared.maskable().orElseThrow(),
                prepared.batches(),
                identity,
                selection));
  }

  private Plan plan(
      FineTuneSettings settings,
      MaskableRows maskable,
      int batches,
      Map<String, String> identity,
      Function<Dataset, Set<Integer>> selection) {
    Set<Integer> before = rows(settings.maskedRows());
    Set<Integer> chosen = new TreeSet<>(selection.apply(settings.train()));
    chosen.removeAll(before);
    List<String> alike = addRepeated(maskable, chosen);
    TrainingOptions training = settings.training();
    int total = training.totalSteps(batches);
    OptionalInt batch = maskable.firstBatch(chosen);
    int first = batch.isPresent() ? batch.getAsInt() / training.accumulation() + 1 : total + 1;
    boolean fromData = settings.method().initializesFromData() || settings.headWarmStart();
    boolean used = first <= endedAt(total) || fromData;
    Set<Integer> masked = new TreeSet<>(before);
    masked.addAll(chosen);
    Map<String, String> without = new TreeMap<>(identity);
    String kept = identity.get(DATA).split(" ", 2)[0];
    without.put(DATA, kept + " rows " + maskable.digest(masked));
    return new Plan(
        maskable.masked(chosen),
        chosen.stream().map(settings.train()::locate).toList(),
        alike,
        used && batch.isPresent() ? OptionalInt.of(first) : OptionalInt.empty(),
        StateTransfer.of(run, training.identifiedBy(identity), used && !fromData ? first - 1 : 0),
        total,
        without);
  }

  /**
   * Adds the repetitions of the chosen rows in balanced or mixed data. Returns the places of other
   * rows with the same tokens.
   */
  private static List<String> addRepeated(MaskableRows maskable, Set<Integer> chosen) {
    Dataset rows = maskable.dataset();
    Set<String> hashes =
        maskable.masked(chosen).stream()
            .flatMap(row -> row.sha256().stream())
            .collect(Collectors.toSet());
    Set<Integer> every = new TreeSet<>();
    for (int row = 0; row < rows.size(); row++) {
      every.add(row);
    }
    Set<String> places = chosen.stream().map(rows::locate).collect(Collectors.toSet());
    List<String> alike = new ArrayList<>();
    for (MaskedRow row : maskable.masked(every)) {
      if (row.sha256().filter(hashes::contains).isPresent() && !chosen.contains(row.row())) {
        String place = rows.locate(row.row());
        if (places.contains(place)) {
          chosen.add(row.row());
        } else {
          alike.add(place);
        }
      }
    }
    return alike;
  }

  private static Set<Integer> rows(List<MaskedRow> masked) {
    return masked.stream().map(MaskedRow::row).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the last step of the recorded run if it ended by itself. */
  private int endedAt(int total) {
    boolean finished = FINISHED.contains(record.json().path("metrics").path("ended").asText());
    return finished ? record.json().path("metrics").path("step").asInt(total) : total;
  }

  /**
   * Rejects a run whose record needs the content of every row: the classes of a classification that
   * names none are those of its rows.
   */
  public void requireErasable() {
    Draft draft = RunRepeat.unchecked(record, data.isPresent() ? Options.DATA_KEYS : Set.of());
    if (draft.get(TaskDefinitions.TASK) instanceof ClassificationTask task
        && task.problem() != ClassificationProblem.REGRESSION
        && task.labels().isEmpty()) {
      throw SettingsException.ofFineTuning(
          List.of(
              record.file()
                  + ": its classes are the labels of its rows, so rows that are erased could change"
                  + " them. Train again with the labels named, or do not erase rows."));
    }
  }

  /** Rejects a folder that holds a run. */
  public static void requireFree(Path output) {
    Checks checks = new Checks();
    checks.output(output, false);
    checks.finish();
  }

  /**
   * Makes the run again without the rows, in a folder that holds no other run; one that was cut off
   * there is resumed. Empty {@code saving} saves states as often as the recorded run.
   */
  public TrainingResult run(
      Plan plan, Path output, Optional<Interval> saving, TrainingListener listener) {
    Draft draft = RunRepeat.unchecked(record, data.isPresent() ? Options.DATA_KEYS : Set.of());
    data.ifPresent(split -> Options.setData(draft, split));
    List<MaskedRow> masked = new ArrayList<>(draft.get(MaskedRowKeys.OPTION));
    masked.addAll(plan.rows());
    draft.set(MaskedRowKeys.OPTION, masked);
    draft.set(Options.OUTPUT, output);
    saving.ifPresent(interval -> draft.set(Options.SAVE_EVERY, interval));
    if (plan.startStep() > 0 && !RunStates.exist(output)) {
      plan.states().copyTo(output, plan.identity());
    }
    boolean resumes = RunStates.exist(output);
    draft.set(Options.RESUME, resumes);
    draft.set(Options.OVERWRITE_OUTPUT, !resumes);
    return TaskRunner.runBriefly(RunAssembly.of(draft, listener)).result();
  }

  /** Records the present content of a data file of which only masked rows were changed. */
  public static void recordErased(Path output, Path file) {
    String path = file.toAbsolutePath().normalize().toString();
    try (Stream<Path> files = Files.walk(output, 2)) {
      for (Path found : files.filter(child -> child.endsWith(Provenance.FILE)).toList()) {
        ObjectNode fields = Provenance.read(found).json();
        for (JsonNode read : fields.at("/data/files")) {
          if (read.path("path").asText().equals(path)) {
            ((ObjectNode) read).setAll(FileHash.describe(file));
          }
        }
        Provenance.of(found, fields).write();
      }
      StateTransfer.renewMarks(output);
    } catch (IOException e) {
      throw new UncheckedIOException("Changing the records of " + output + " failed", e);
    }
  }
}
