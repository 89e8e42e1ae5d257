package io.adapt4j.federated;

import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.MergedBase;
import io.adapt4j.federated.internal.StartingAdapter;
import io.adapt4j.federated.internal.StoredAdapter;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the rounds of a federated fine-tuning, starting after the newest complete one. */
final class Rounds {

  private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);

  private final FederatedSettings settings;
  private final SiteRunner runner;
  private final RoundFolders folders;
  private final SiteJob.Common common;

  Rounds(FederatedSettings settings, SiteRunner runner) {
    this.settings = settings;
    this.runner = runner;
    this.folders = new RoundFolders(settings.output().toAbsolutePath());
    this.common = settings.common(UUID.randomUUID().toString());
  }

  FederatedReport run() throws IOException {
    try (ProcessLock lock =
        ProcessLock.tryTake(folders.output().resolve(".federated.lock"))
            .orElseThrow(
                () ->
                    new FederatedException(
                        folders.output()
                            + ": another run writes there; wait for it, or give another output"))) {
      return locked();
    }
  }

  private FederatedReport locked() throws IOException {
    if (settings.overwrite()) {
      folders.clear();
    }
    folders.sweep();
    try {
      if (folders.newestFirst().isEmpty()) {
        begin();
      }
      RunState state = newestIntact();
      requireSame(state);
      for (int round = state.rounds().size() + 1; round <= settings.rounds(); round++) {
        state = round(round, state);
      }
      return finish(state);
    } finally {
      Temporaries.deleteTree(folders.scratch());
    }
  }

  private RunState newestIntact() {
    List<String> damaged = new ArrayList<>();
    for (int round : folders.newestFirst()) {
      Path folder = folders.of(round);
      try {
        RunState state = RunState.read(folder, round);
        requireRepeatable(damaged);
        damaged.forEach(text -> LOG.warn("{}; going on from round {}", text, round));
        return state;
      } catch (IOException e) {
        String reason = e instanceof FileSystemException ? e.toString() : e.getMessage();
        damaged.add(folder + " is damaged: " + reason);
      }
    }
    throw new FederatedException(
        "No round can be gone on from:\n  - %s\nPut the files back from a copy, or say overwriteOutput() to begin again."
            .formatted(String.join("\n  - ", damaged)));
  }

  /**
   * Rejects repeating a damaged round with noise, as epsilon would not count what the damaged one
   * released.
   */
  private void requireRepeatable(List<String> damaged) {
    if (!damaged.isEmpty() && settings.privacy().filter(Privacy::hasNoise).isPresent()) {
      throw new FederatedException(
          "%s. Repeating it would spend privacy that epsilon does not count. Put its files back from a copy."
              .formatted(damaged.get(0)));
    }
  }

  private void requireSame(RunState state) {
    if (!state.identity().equals(settings.identity())) {
      throw new FederatedException(
          ("%s holds rounds of another run; give another output, or overwriteOutput().\n"
                  + "  there: %s\n  here:  %s")
              .formatted(folders.output(), state.identity(), settings.identity()));
    }
  }

  /** Creates the first adapter at the first site that can, so that it matches the task. */
  private void begin() throws IOException {
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < settings.sites().size(); i++) {
      SiteJob job = job(i, 0, null, null);
      Answers answers = answers(List.of(job));
      SiteResult result = answers.accepted().get(job.site());
      Optional<String> failure =
          result == null
              ? Optional.of(answers.refusal(job.site()))
              : result.failure().map(ResultCheck::line).or(() -> problem(result.adapter()));
      if (result != null && failure.isEmpty()) {
        folders.publish(
            0,
            folder -> {
              result.adapter().write(folder.resolve(RoundFolders.ADAPTER));
              new RunState(settings.identity(), List.of()).complete(folder);
            });
        return;
      }
      failures.add(job.site() + ": " + failure.orElse(""));
    }
    throw new FederatedException(
        "No site could begin, so there is no first adapter:\n  - "
            + String.join("\n  - ", failures));
  }

  private SiteJob job(
      int index, int round, @Nullable AdapterFiles start, @Nullable AdapterFiles folded) {
    Site site = settings.sites().get(index);
    List<LocalTraining> training = new ArrayList<>(List.of(settings.training()));
    site.training().ifPresent(training::add);
    return new SiteJob(common, site, index, round, training, start, folded, settings.base());
  }

  /** Returns why an adapter cannot be the initial one; empty if it can. */
  private Optional<String> problem(AdapterFiles first) {
    Path folder = folders.scratch().resolve("first");
    try {
      first.write(folder);
      try (StoredAdapter adapter = StoredAdapter.open(folder)) {
        return Aggregator.problem(adapter).or(() -> settings.method().difference(adapter));
      }
    } catch (RuntimeException e) {
      // The files are untrusted: however they are damaged, another site can begin.
      return Optional.of("the site returned no adapter: " + ResultCheck.line(e.getMessage()));
    }
  }

  /** Accepted results and the reasons of refused ones, by site. */
  private record Answers(Map<String, SiteResult> accepted, Map<String, String> refused) {

    String refusal(String site) {
      return refused.getOrDefault(site, "the runner returned no result");
    }
  }

  private Answers answers(List<SiteJob> jobs) {
    Map<String, SiteJob> asked = new LinkedHashMap<>();
    jobs.forEach(job -> asked.put(job.site(), job));
    Answers answers = new Answers(new LinkedHashMap<>(), new LinkedHashMap<>());
    List<SiteResult> returned = runner.run(jobs);
    for (SiteResult result : returned == null ? List.<SiteResult>of() : returned) {
      SiteJob job = result == null || result.stamp() == null ? null : asked.get(result.site());
      if (job == null) {
        LOG.warn("A result that belongs to no site of this round is ignored");
        continue;
      }
      ResultCheck.problem(job, result)
          .ifPresentOrElse(
              problem -> answers.refused().putIfAbsent(job.site(), problem),
              () -> answers.accepted().putIfAbsent(job.site(), result));
    }
    return answers;
  }

  private RunState round(int round, RunState state) throws IOException {
    long begun = System.nanoTime();
    Path before = folders.of(round - 1);
    Path fold = before.resolve(RoundFolders.FOLD);
    AdapterFiles folded = Files.isDirectory(fold) ? AdapterFiles.read(fold) : null;
    List<SiteUpdate> updates = train(round, before, folded);
    List<SiteUpdate> counted =
        updates.stream().filter(update -> update.failure().isEmpty()).toList();
    boolean drawn = settings.participation() < 1;
    if (counted.size() < settings.minSites() && !(drawn && counted.size() == updates.size())) {
      throw new FederatedException(
          ("Round %d has %d updates of at least %d (minSites); round %d is whole, and resume() goes"
                  + " on from it. Left out:%s")
              .formatted(round, counted.size(), settings.minSites(), round - 1, failures(updates)));
    }
    for (SiteUpdate update : updates) {
      update
          .failure()
          .ifPresent(
              failure ->
                  LOG.warn(
                      "Round {} leaves out site {} after {} attempts: {}",
                      round,
                      update.site(),
                      update.attempts(),
                      failure));
    }
    RoundAggregation aggregation = new RoundAggregation(settings, round);
    List<RunState> next = new ArrayList<>();
    folders.publish(
        round,
        folder -> {
          RoundAggregation.Result result =
              aggregation.write(
                  before.resolve(RoundFolders.ADAPTER),
                  folded == null ? null : fold,
                  updates,
                  folder);
          RoundReport report =
              new RoundReport(
                  round,
                  result.sites(),
                  result.norms().mean(),
                  result.norms().factorMeanError(),
                  result.norms().error(),
                  epsilon(round),
                  Duration.ofNanos(System.nanoTime() - begun));
          next.add(state.with(report));
          next.get(0).complete(folder);
        });
    Temporaries.deleteTree(folders.scratch().resolve("updates"));
    tell(next.get(0).rounds().get(round - 1), folders.of(round));
    return next.get(0);
  }

  private static String failures(List<SiteUpdate> updates) {
    StringBuilder text = new StringBuilder();
    for (SiteUpdate update : updates) {
      update
          .failure()
          .ifPresent(
              failure -> text.append("\n  - ").append(update.site()).append(": ").append(failure));
    }
    return text.toString();
  }

  private OptionalDouble epsilon(int round) {
    return settings.privacy().filter(Privacy::hasNoise).isPresent()
        ? OptionalDouble.of(settings.privacy().get().epsilon(round, settings.participation()))
        : OptionalDouble.empty();
  }

  /** Draws the participating sites, each independently with the same probability. */
  private List<Integer> drawn(int round) {
    SplittableRandom random = new SplittableRandom(settings.seed() * 31 + round);
    List<Integer> drawn = new ArrayList<>();
    for (int i = 0; i < settings.sites().size(); i++) {
      if (random.nextDouble() < settings.participation()) {
        drawn.add(i);
      }
    }
    return drawn;
  }

  private List<SiteUpdate> train(int round, Path before, @Nullable AdapterFiles folded)
      throws IOException {
    Map<String, Path> starts = new LinkedHashMap<>();
    Map<String, SiteJob> pending = new LinkedHashMap<>();
    Path updates = folders.scratch().resolve("updates");
    try (StoredAdapter adapter = StoredAdapter.open(before.resolve(RoundFolders.ADAPTER))) {
      AdapterFiles whole = AdapterFiles.read(before.resolve(RoundFolders.ADAPTER));
      for (int index : drawn(round)) {
        Site site = settings.sites().get(index);
        Path start = updates.resolve(site.name() + "-start");
        start(adapter, whole, site, round, start);
        starts.put(site.name(), start);
        pending.put(site.name(), job(index, round, AdapterFiles.read(start), folded));
      }
    }
    Map<String, SiteUpdate> done = new LinkedHashMap<>();
    pending.keySet().forEach(site -> done.put(site, SiteUpdate.none(site)));
    for (int attempt = 1; attempt <= settings.siteAttempts() && !pending.isEmpty(); attempt++) {
      Answers answers = answers(List.copyOf(pending.values()));
      for (String site : List.copyOf(pending.keySet())) {
        SiteResult result = answers.accepted().get(site);
        SiteUpdate update =
            result == null
                ? SiteUpdate.failed(site, attempt, answers.refusal(site))
                : SiteUpdate.of(
                    result,
                    attempt,
                    Objects.requireNonNull(starts.get(site)),
                    updates.resolve(site + "-end"),
                    settings.aggregation());
        done.put(site, update);
        if (update.failure().isEmpty()) {
          pending.remove(site);
        }
      }
    }
    return List.copyOf(done.values());
  }

  private void start(StoredAdapter adapter, AdapterFiles whole, Site site, int round, Path folder)
      throws IOException {
    if (settings.aggregation() == Aggregation.STACK_MERGE) {
      whole.writeOthers(folder);
      StartingAdapter.writeFresh(adapter, site.rank(), settings.seed() + round, folder);
    } else if (site.rank().isPresent()) {
      whole.writeOthers(folder);
      StartingAdapter.writeFirst(adapter, site.rank().getAsInt(), folder);
    } else {
      whole.write(folder);
    }
  }

  private void tell(RoundReport report, Path folder) {
    if (settings.listeners().isEmpty()) {
      return;
    }
    ModelSource base = settings.base();
    if (settings.aggregation().changesBase()) {
      AdapterFiles folded = AdapterFiles.read(folder.resolve(RoundFolders.FOLD));
      base = ModelSource.path(MergedBase.of(base.folder(), folded, folders.scratch()));
    }
    Optional<Path> adapter =
        settings.aggregation() == Aggregation.STACK_MERGE
            ? Optional.empty()
            : Optional.of(folder.resolve(RoundFolders.ADAPTER));
    for (FederatedListener listener : settings.listeners()) {
      listener.roundEnded(report, base, adapter);
    }
  }

  private FederatedReport finish(RunState state) throws IOException {
    Path folder = folders.of(state.rounds().size());
    Optional<Path> model = Optional.empty();
    if (settings.aggregation().changesBase()) {
      Path target = folders.output().resolve("model");
      AdapterFiles folded = AdapterFiles.read(folder.resolve(RoundFolders.FOLD));
      Path merged =
          MergedBase.of(settings.base().folder(), folded, folders.scratch().resolve("result"));
      AtomicFolders.publish(merged, target);
      model = Optional.of(target);
    }
    Optional<Path> adapter = Optional.empty();
    if (settings.aggregation() != Aggregation.STACK_MERGE) {
      Path target = folders.output().resolve(RoundFolders.ADAPTER);
      // A site may have the base at a different path.
      String base =
          model
              .map(Path::toString)
              .or(settings.base()::repository)
              .orElseGet(() -> settings.base().folder().toString());
      RoundFolders.publish(
          target,
          hidden -> {
            AdapterFiles.read(folder.resolve(RoundFolders.ADAPTER)).write(hidden);
            RoundAggregation.nameBase(hidden, base);
          });
      adapter = Optional.of(target);
    }
    state.write(folders.output());
    return new FederatedReport(settings.aggregation(), state.rounds(), adapter, model);
  }
}
