package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.TaskComparison;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Update cycle of a model: collects rows, decides whether to train, trains from the version in
 * production, adds the result to the registry, examines both on the same questions, and promotes
 * the new one or keeps the old one and says why.
 *
 * <p>Each step is recorded in {@code cycle-N/} before the next one begins. A cycle whose process
 * was killed is continued by the next {@link #run}. One cycle runs at a time in a folder, over all
 * processes.
 */
public final class UpdateCycle {

  private static final String PREFIX = "cycle-";

  private final Registry registry;
  private final String name;
  private final Path folder;
  private final RowCollector collector;
  private final TrainingRule training;
  private final VersionTrainer trainer;
  private final Function<CycleWindow, Evaluator> exam;
  private final Examiner examiner;
  private final PromotionRule promotion;
  private final Clock clock;

  /** Training of a new version, with whatever remedy against forgetting the application chose. */
  @FunctionalInterface
  public interface VersionTrainer {

    /**
     * Trains, or resumes an interrupted training.
     *
     * @param job what to train on and from, and where to write
     * @return the folder of the new adapter or model, which is copied into the registry
     */
    Path train(TrainingJob job) throws IOException;
  }

  /** Loads a version, evaluates it, and closes it. */
  @FunctionalInterface
  public interface Examiner {

    /**
     * Evaluates a version. The result may depend on nothing but the version and the evaluator.
     *
     * @param version the version to load
     * @param evaluator the exam
     * @return the report, with the version's reference as the candidate's name
     */
    EvaluationReport examine(ModelVersion version, Evaluator evaluator);
  }

  private UpdateCycle(Builder builder) {
    registry = builder.registry;
    name = builder.name;
    folder = builder.folder;
    collector = require("collect", builder.collector);
    training = builder.training;
    trainer = require("train", builder.trainer);
    exam = require("exam", builder.exam);
    examiner = require("exam", builder.examiner);
    promotion = require("promote", builder.promotion);
    clock = builder.clock;
  }

  private static <T> T require(String method, @Nullable T value) {
    if (value == null) {
      throw new CycleException("%s: not set. Call it before build().".formatted(method));
    }
    return value;
  }

  /**
   * Creates a builder.
   *
   * @param registry where versions are
   * @param name the model's name in the registry, which need not have versions yet
   * @param folder folder of the cycles' records
   * @return the builder
   */
  public static Builder builder(Registry registry, String name, Path folder) {
    return new Builder(registry, name, folder);
  }

  /**
   * Runs the next cycle, or continues the one that was interrupted.
   *
   * @return what it did, also in {@code cycle-N/report.txt}
   * @throws CycleException if a cycle runs in this folder already, or a record is damaged
   */
  public CycleReport run() {
    try (ProcessLock lock = lock()) {
      CycleState state = current();
      while (state.outcome.isEmpty()) {
        step(state);
        state.write();
      }
      CycleReport report = report(state);
      AtomicFiles.writeText(state.folder.resolve("report.txt"), report.text());
      return report;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The cycle in " + folder + " failed: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }

  /** {@return the reports of all cycles that ended, oldest first} */
  public List<CycleReport> reports() {
    try {
      List<CycleReport> reports = new ArrayList<>();
      for (CycleState state : states()) {
        if (state.outcome.isPresent()) {
          reports.add(report(state));
        }
      }
      return reports;
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + folder + " failed: " + e, e);
    }
  }

  private ProcessLock lock() throws IOException {
    return ProcessLock.tryTake(folder.resolve(".lock"))
        .orElseThrow(
            () ->
                new CycleException(
                    folder + ": a cycle is running in this folder. Run one at a time."));
  }

  private List<CycleState> states() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    TreeMap<Integer, Path> folders = new TreeMap<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries.forEach(
          entry -> {
            String found = entry.getFileName().toString();
            if (found.matches(PREFIX + "[1-9][0-9]{0,8}")) {
              folders.put(Integer.valueOf(found.substring(PREFIX.length())), entry);
            }
          });
    }
    List<CycleState> states = new ArrayList<>();
    for (Integer number : folders.keySet()) {
      CycleState.read(folders.get(number), number).ifPresent(states::add);
    }
    return states;
  }

  /** Returns the last cycle if it was interrupted, else the next one. */
  private CycleState current() throws IOException {
    Instant trained = Instant.EPOCH;
    Instant promoted = Instant.EPOCH;
    int number = 1;
    for (CycleState state : states()) {
      if (state.outcome.isEmpty()) {
        return state;
      }
      Outcome outcome = state.outcome.orElseThrow();
      trained = outcome == Outcome.WAITED ? trained : state.window.end();
      promoted = outcome == Outcome.PROMOTED ? state.window.end() : promoted;
      number = state.number + 1;
    }
    CycleWindow window =
        new CycleWindow(trained, promoted, clock.instant().truncatedTo(ChronoUnit.SECONDS));
    CycleState state = new CycleState(folder.resolve(PREFIX + number), number, window);
    state.start = production().map(ModelVersion::pinned);
    state.write();
    return state;
  }

  private Optional<ModelVersion> production() {
    return registry.aliases(name).containsKey(Registry.PRODUCTION)
        ? Optional.of(registry.resolve(name + "@" + Registry.PRODUCTION))
        : Optional.empty();
  }

  private void step(CycleState state) throws IOException {
    if (state.collected.isEmpty()) {
      state.collected = Optional.of(collect(state));
    } else if (state.reason.isEmpty()) {
      decide(state, state.collected.orElseThrow());
    } else if (state.trained.isEmpty()) {
      state.trained = Optional.of(train(state));
    } else if (state.version.isEmpty()) {
      Path trained = state.folder.resolve(state.trained.orElseThrow());
      state.version = Optional.of(add(state, trained).pinned());
    } else {
      conclude(state, registry.resolve(state.version.orElseThrow()));
    }
  }

  /**
   * Collects rows and forces them to the device, so that the record of the step never precedes
   * them.
   */
  private CollectedRows collect(CycleState state) throws IOException {
    CollectedRows collected = collector.collect(state.window, state.rows());
    if (Files.exists(state.rows())) {
      Disk.force(state.rows());
      Disk.forceFolder(state.folder);
    }
    return collected;
  }

  private String train(CycleState state) throws IOException {
    Path trained = trainer.train(job(state)).toAbsolutePath();
    Disk.forceTree(trained);
    Path home = state.folder.toAbsolutePath();
    for (Path at = trained; at.startsWith(home) && !at.equals(home); ) {
      at = Objects.requireNonNull(at.getParent(), "the folder of the cycle is above it");
      Disk.forceFolder(at);
    }
    return (trained.startsWith(home) ? home.relativize(trained) : trained).toString();
  }

  private void decide(CycleState state, CollectedRows collected) {
    state.lines.add("Collected %d rows until %s.".formatted(collected.rows(), state.window.end()));
    collected.signals().forEach(signal -> state.lines.add("Signal: " + signal + "."));
    state.reason = training.reason(collected);
    state.reason.ifPresentOrElse(
        reason -> state.lines.add("Trained because of " + reason + "."),
        () -> {
          state.lines.add("No reason to train.");
          state.outcome = Optional.of(Outcome.WAITED);
        });
  }

  private TrainingJob job(CycleState state) {
    return new TrainingJob(
        state.number,
        state.start.map(registry::resolve),
        state.rows(),
        state.run(),
        Files.exists(state.run()));
  }

  private ModelVersion add(CycleState state, Path trained) {
    NewVersion added = NewVersion.of(name, trained).note("cycle " + state.number);
    ModelVersion version = registry.add(state.start.map(added::parent).orElse(added));
    registry.promote(
        version, Registry.CHALLENGER, Change.by("update cycle", "cycle " + state.number));
    return version;
  }

  private void conclude(CycleState state, ModelVersion version) {
    if (state.start.filter(version.pinned()::equals).isPresent()) {
      keep(state, List.of("training changed nothing"));
      return;
    }
    Evaluator evaluator = exam.apply(state.window);
    EvaluationReport report = examiner.examine(version, evaluator);
    if (registry.exams(version).isEmpty()) {
      registry.addExam(version, report);
    }
    List<String> objections;
    if (state.start.isPresent()) {
      ModelVersion before = registry.resolve(state.start.orElseThrow());
      ComparisonReport comparison =
          evaluator.compare(List.of(examiner.examine(before, evaluator), report));
      for (TaskComparison one : comparison.comparisons()) {
        state.lines.add(
            "%s: %s against %s: %s."
                .formatted(
                    one.task(), version.reference(), before.reference(), PromotionRule.words(one)));
      }
      objections = promotion.objections(comparison);
    } else {
      objections = promotion.objections(report);
    }
    if (objections.isEmpty()) {
      promote(state, version);
    } else {
      keep(state, objections);
    }
  }

  /** Also reached again by a cycle that was killed after its promotion. */
  private void promote(CycleState state, ModelVersion version) {
    Optional<ModelVersion> before = state.start.map(registry::resolve);
    Change change = Change.by("update cycle", "cycle " + state.number);
    if (wasRolledBack(version)) {
      keep(state, List.of(version.reference() + " was rolled back before"));
    } else if (registry.promote(version, Registry.PRODUCTION, before, change)) {
      state.lines.add("Promoted %s.".formatted(version.reference()));
      state.outcome = Optional.of(Outcome.PROMOTED);
    } else {
      keep(state, List.of("production has changed since the cycle began"));
    }
  }

  private boolean wasRolledBack(ModelVersion version) {
    return registry.history(name).stream()
        .anyMatch(
            entry ->
                entry.action() == HistoryEntry.Action.ROLLBACK
                    && entry.alias().equals(Registry.PRODUCTION)
                    && entry.from().equals(OptionalInt.of(version.number())));
  }

  private static void keep(CycleState state, List<String> objections) {
    state.lines.add("Not promoted: " + String.join("; ", objections) + ".");
    state.outcome = Optional.of(Outcome.KEPT);
  }

  private CycleReport report(CycleState state) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "Cycle %d of %s: %s"
            .formatted(
                state.number,
                name,
                switch (state.outcome.orElseThrow()) {
                  case WAITED -> "waited";
                  case KEPT -> "kept the version in production";
                  case PROMOTED -> "promoted a new version";
                }));
    lines.addAll(state.lines);
    return new CycleReport(
        state.number, state.outcome.orElseThrow(), state.start, state.version, lines);
  }

  /** Builder of a cycle. */
  public static final class Builder {

    private final Registry registry;
    private final String name;
    private final Path folder;
    private @Nullable RowCollector collector;
    private TrainingRule training = TrainingRule.rows(1);
    private @Nullable VersionTrainer trainer;
    private @Nullable Function<CycleWindow, Evaluator> exam;
    private @Nullable Examiner examiner;
    private @Nullable PromotionRule promotion;
    private Clock clock = Clock.systemUTC();

    private Builder(Registry registry, String name, Path folder) {
      Texts.require("registry", registry);
      this.registry = registry;
      this.name = name;
      this.folder = folder;
    }

    /** Sets the source of rows. */
    public Builder collect(RowCollector source) {
      collector = source;
      return this;
    }

    /** Sets when to train; default: on any row. */
    public Builder trainWhen(TrainingRule rule) {
      training = rule;
      return this;
    }

    /** Sets how to train. */
    public Builder train(VersionTrainer how) {
      trainer = how;
      return this;
    }

    /** Sets the exam. */
    public Builder exam(Evaluator evaluator, Examiner how) {
      return exam(window -> evaluator, how);
    }

    /**
     * Sets an exam that depends on the window, such as one with questions of these days.
     *
     * @param evaluator returns the same exam for the same window
     */
    public Builder exam(Function<CycleWindow, Evaluator> evaluator, Examiner how) {
      exam = evaluator;
      examiner = how;
      return this;
    }

    /** Sets the rule for a promotion. */
    public Builder promote(PromotionRule rule) {
      promotion = rule;
      return this;
    }

    /** Sets the clock that ends a window; default: the system's. */
    public Builder clock(Clock time) {
      clock = time;
      return this;
    }

    /**
     * Creates the cycle.
     *
     * @return the cycle
     * @throws CycleException if something is not set
     */
    public UpdateCycle build() {
      return new UpdateCycle(this);
    }
  }
}
