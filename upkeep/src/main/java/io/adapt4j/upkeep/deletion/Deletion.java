package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.task.RowRemoval;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.TrainingListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Deletion of training rows from a model that learned from them: the run of its provenance record
 * is made again without the rows, from the newest state saved before their first use. The result
 * equals, to the bit, a run in which the rows were masked from the start. For runs of next-token
 * prediction, classification, preference pairs and embeddings; keep many states ({@code saveLimit})
 * so that little has to be repeated.
 *
 * <pre>{@code
 * DeletionReport report =
 *     Deletion.of(Path.of("runs/support"))
 *         .where("customer", "c-17")
 *         .erasingRows()
 *         .run(Path.of("runs/support-without"));
 * }</pre>
 *
 * <p>The old run stays as it is unless {@link #erasingCheckpoints} is chosen. Not thread-safe.
 */
public final class Deletion {

  private static final List<String> REMAINS =
      List.of(
          "The base model, which the run did not change.",
          "Validation rows, from which no weight was learned, but which chose the best checkpoint.",
          "The number of tokens of each row, and its place in the data.",
          "Copies, exports, quantized or merged models made from the old checkpoints.",
          "Search indexes, and caches of answers, prompts, and embeddings of applications.",
          "Backups of any of these.");

  private final Path run;
  private final RowRemoval removal;
  private final Set<Integer> rows = new TreeSet<>();
  private final List<Map.Entry<String, String>> values = new ArrayList<>();
  private final Set<String> places = new HashSet<>();
  private @Nullable Path root;
  private Optional<Interval> saving = Optional.empty();
  private boolean erasesRows;
  private boolean erasesCheckpoints;
  private final KeptTexts kept = new KeptTexts();
  private final List<String> texts = new ArrayList<>();
  private TrainingListener listener = new TrainingListener() {};
  private Consumer<DeletionReport> lastStep = report -> {};

  private Deletion(Path run, Optional<Split> data) {
    this.run = run;
    this.removal = RowRemoval.of(run, data);
  }

  /**
   * Starts a deletion.
   *
   * @param run output folder of the run
   * @return a deletion without rows
   * @throws io.adapt4j.core.exception.CheckpointException if the folder has no record
   */
  public static Deletion of(Path run) {
    return new Deletion(run, Optional.empty());
  }

  /**
   * Starts a deletion from a run whose record cannot recreate its data, such as rows in memory.
   *
   * @param run output folder of the run
   * @param data the same training and validation data, still with the rows
   * @return a deletion without rows
   * @throws io.adapt4j.core.exception.CheckpointException if the folder has no record
   */
  public static Deletion of(Path run, Split data) {
    return new Deletion(run, Optional.of(data));
  }

  /**
   * Adds rows. Their repetitions in balanced or mixed data are deleted with them.
   *
   * @param indices their indices in the training data, from 0
   * @return this deletion
   */
  public Deletion rows(int... indices) {
    IntStream.of(indices).forEach(rows::add);
    return this;
  }

  /**
   * Adds the rows with a value in a field of the data file, such as those of a customer.
   *
   * @param field name of the field
   * @param value its value as text
   * @return this deletion
   */
  public Deletion where(String field, String value) {
    values.add(Map.entry(field, value));
    return this;
  }

  /**
   * Adds rows by their locations.
   *
   * @param locations file and line of each row, as {@link DeletionPlan#places} has them
   * @return this deletion
   */
  public Deletion at(String... locations) {
    places.addAll(List.of(locations));
    return this;
  }

  /**
   * Also erases the content of the rows in their files of JSON Lines: a row keeps its line and its
   * fields, but its texts become "deleted" and its numbers 0.
   *
   * @return this deletion
   */
  public Deletion erasingRows() {
    erasesRows = true;
    return this;
  }

  /**
   * Also erases the checkpoints and states of the old run that learned from the rows, after the new
   * ones are complete.
   *
   * @return this deletion
   */
  public Deletion erasingCheckpoints() {
    erasesCheckpoints = true;
    return this;
  }

  /**
   * Also removes replies that evaluations kept ({@code Evaluator.Builder.replies}) if their prompt
   * or text has a text of the rows. Texts that other rows have too, such as system messages, do not
   * count.
   *
   * @param folder the folder, not in use
   * @return this deletion
   */
  public Deletion replies(Path folder) {
    kept.addReplies(folder);
    return this;
  }

  /**
   * Also removes cached answers whose prompt or text has a text of the rows, as with {@link
   * #replies}.
   *
   * @param folder folder of an {@link io.adapt4j.core.text.AnswerCache}
   * @return this deletion
   */
  public Deletion answers(Path folder) {
    kept.addAnswers(folder);
    return this;
  }

  /**
   * Looks for other versions that learned from the rows' files, or from such a version.
   *
   * @param runs folder with runs; default that of the run alone
   * @return this deletion
   */
  public Deletion versionsIn(Path runs) {
    root = runs;
    return this;
  }

  /**
   * Sets the interval of the states of the repeated part. Fewer take less time and space, but a
   * later deletion of rows from the new run then repeats more. Default: as the run did.
   *
   * @param interval the interval
   * @return this deletion
   */
  public Deletion saveEvery(Interval interval) {
    saving = Optional.of(interval);
    return this;
  }

  /**
   * Sets a listener of the repeated steps.
   *
   * @param training the listener
   * @return this deletion
   */
  public Deletion listener(TrainingListener training) {
    listener = training;
    return this;
  }

  /**
   * Sets the last step, such as adding the new model to a registry. If it is cut off, the same call
   * of {@link #run} takes it again.
   *
   * @param step takes the report
   * @return this deletion
   */
  public Deletion lastStep(Consumer<DeletionReport> step) {
    lastStep = step;
    return this;
  }

  /**
   * Works out what to repeat. Encodes the data and compares it with the record; reads no weights.
   *
   * @return the plan
   * @throws io.adapt4j.core.exception.SettingsException if a file has changed, or the task cannot
   *     mask rows
   * @throws IllegalArgumentException if no row was chosen, or there is no such row
   */
  public DeletionPlan plan() {
    return plan(removal.plan(this::chosen));
  }

  private DeletionPlan plan(RowRemoval.Plan plan) {
    Path runs = root == null ? run : root;
    return new DeletionPlan(
        plan.rows(),
        plan.places(),
        plan.alike(),
        plan.firstStep(),
        plan.startStep(),
        plan.totalSteps(),
        LearnedVersion.find(runs, dataHashes(plan.places())));
  }

  /** Returns the hashes of the files that the rows are in; of all files if that is unknown. */
  private Set<String> dataHashes(List<String> places) {
    Set<String> all = new HashSet<>();
    Set<String> holding = new HashSet<>();
    for (JsonNode file : Provenance.read(run).json().at("/data/files")) {
      String hash = file.path("sha256").asText();
      all.add(hash);
      Path path = Path.of(file.path("path").asText());
      if (places.stream()
          .map(place -> Path.of(place.replaceFirst(" line \\d+$", "")))
          .anyMatch(place -> place.toAbsolutePath().normalize().equals(path))) {
        holding.add(hash);
      }
    }
    return holding.isEmpty() ? all : holding;
  }

  private Set<Integer> chosen(Dataset data) {
    Set<Integer> chosen = new TreeSet<>(rows);
    for (int row : rows) {
      if (row < 0 || row >= data.size()) {
        throw new IllegalArgumentException(
            "rows: expected indices from 0 to %s in the training data %s, found %s. Count from 0."
                .formatted(data.size() - 1, data.name(), row));
      }
    }
    for (Map.Entry<String, String> value : values) {
      Set<Integer> found =
          IntStream.range(0, data.size())
              .filter(row -> has(data.source(row), value))
              .boxed()
              .collect(Collectors.toSet());
      if (found.isEmpty()) {
        throw new IllegalArgumentException(
            "%s: expected rows whose field '%s' is '%s', found none. Check name and value."
                .formatted(data.name(), value.getKey(), value.getValue()));
      }
      chosen.addAll(found);
    }
    Set<String> missing = new TreeSet<>(places);
    for (int row = 0; row < data.size() && !places.isEmpty(); row++) {
      String place = data.locate(row);
      if (places.contains(place)) {
        chosen.add(row);
        missing.remove(place);
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: no row of the training data is at %s. Name file and line of rows that were trained on."
              .formatted(data.name(), missing.iterator().next()));
    }
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "no rows to delete: name them by rows(...), where(...) or at(...)");
    }
    texts.clear();
    if (!kept.isEmpty()) {
      texts.addAll(RowTexts.of(data, chosen));
    }
    return chosen;
  }

  private static boolean has(Optional<Row> source, Map.Entry<String, String> value) {
    return source
        .filter(row -> row.has(value.getKey()))
        .map(row -> String.valueOf(row.value(value.getKey())))
        .filter(value.getValue()::equals)
        .isPresent();
  }

  /**
   * Makes the run again without the rows. If it is cut off, the same call goes on with it.
   *
   * @param output folder of the new run, which must not hold another
   * @return the report, also written to {@link DeletionReport#FILE} in the folder
   * @throws io.adapt4j.core.exception.SettingsException if a file has changed, or the task cannot
   *     mask rows
   * @throws IllegalArgumentException if no row was chosen, or there is no such row
   * @throws IllegalStateException if the run never used the rows
   * @throws DatasetException if rows to erase are not in files of JSON Lines
   */
  public DeletionReport run(Path output) {
    Unfinished unfinished = unfinished(output);
    if (!unfinished.isTrained()) {
      begin(output);
    }
    return unfinished.finish(lastStep);
  }

  /**
   * Returns whether a folder holds a deletion that was cut off, which the same call of {@link #run}
   * goes on with.
   *
   * @param output folder of the new run
   * @return whether it does
   */
  public static boolean isUnfinished(Path output) {
    return Unfinished.isIn(output);
  }

  private Unfinished unfinished(Path output) {
    String request =
        "%s %s %s %s %s"
            .formatted(rows, values, new TreeSet<>(places), erasesRows, erasesCheckpoints);
    return new Unfinished(run, output, FileDigest.sha256(run.toAbsolutePath() + " " + request));
  }

  /** Makes the new run, and notes what {@link Unfinished#finish} erases. */
  void begin(Path output) {
    long begun = System.nanoTime();
    if (erasesRows) {
      removal.requireErasable();
    }
    RowRemoval.Plan found = removal.plan(this::chosen);
    DeletionPlan plan = plan(found).without(output);
    if (plan.firstStep().isEmpty()) {
      throw new IllegalStateException(
          run
              + ": no step of the run used these rows, so nothing learned from them. Keep the run.");
    }
    Map<Path, Set<Long>> lines = erasesRows ? Tombstones.lines(plan.places()) : Map.of();
    if (!isUnfinished(output)) {
      RowRemoval.requireFree(output);
    }
    // First, while the rows still have their texts: after a kill the call can be repeated.
    List<DeletionReport.Removed> removed = unfinished(output).begin(kept.find(texts));
    kept.forget(texts);
    List<Path> erased = new ArrayList<>();
    RunFiles old = new RunFiles(run);
    Map<String, String> before = old.hashes();
    TrainingResult result = removal.run(found, output, saving, listener);
    List<Path> learned = old.since(plan.firstStep().getAsInt());
    if (erasesCheckpoints) {
      erased.addAll(learned);
    }
    erased.addAll(lines.keySet());
    DeletionReport report =
        new DeletionReport(
            plan,
            result.best(),
            result.last(),
            before,
            new RunFiles(output).hashes(),
            erased,
            erasesCheckpoints ? List.of() : learned,
            removed,
            REMAINS,
            Duration.ofNanos(System.nanoTime() - begun));
    unfinished(output).trained(report, lines.keySet());
  }
}
