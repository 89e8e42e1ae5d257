package io.adapt4j.federated;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.StoredMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fine-tunes a model on data of several sites without moving the data. In each round, every site
 * trains the common adapter on its own data, and the adapters are aggregated; only adapters are
 * sent.
 *
 * <pre>{@code
 * FederatedReport report = FederatedFineTuner.builder()
 *     .model(ModelSource.path(Path.of("models/SmolLM2-135M")))
 *     .method(Lora.rank(16))
 *     .site(Site.of("north", Path.of("north.jsonl")))
 *     .site(Site.of("south", Path.of("south.jsonl")))
 *     .rounds(5)
 *     .training((builder, round) -> builder.epochs(1).batchSize(8).learningRate(2e-4))
 *     .output(Path.of("runs/federated"))
 *     .build()
 *     .run();
 * }</pre>
 *
 * <p>The result is a PEFT adapter, or a new base ({@link Aggregation}), that any application loads.
 * A site's optimizer state is reset in each round. Results are reproducible with the same settings
 * on the same machine, even if a run was killed and {@linkplain Builder#resume resumed}, unless
 * secure noise is added.
 */
public final class FederatedFineTuner {

  private static final Logger LOG = LoggerFactory.getLogger(FederatedFineTuner.class);

  private final FederatedSettings settings;
  private final AtomicBoolean started = new AtomicBoolean();

  private FederatedFineTuner(FederatedSettings settings) {
    this.settings = settings;
  }

  /**
   * Creates a builder.
   *
   * @return a builder with every option at its default
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs all rounds in this process, the sites one after the other.
   *
   * @return the report, with the location of the result
   * @throws FederatedException if too few sites could train, or the output holds another run
   * @throws IllegalStateException if this tuner has run before
   */
  public FederatedReport run() {
    return run(new LocalSiteRunner(new RoundFolders(settings.output().toAbsolutePath()).scratch()));
  }

  /**
   * Runs all rounds with sites that train elsewhere.
   *
   * @param runner trains the sites
   * @return the report, with the location of the result
   * @throws FederatedException if too few sites could train, or the output holds another run
   * @throws IllegalStateException if this tuner has run before
   */
  public FederatedReport run(SiteRunner runner) {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "This FederatedFineTuner has run; build another for another run");
    }
    try {
      return new Rounds(settings, runner).run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Builder of a federated fine-tuning. Required: {@link #model}, {@link #method}, at least one
   * {@link #site}, {@link #output}. Values are checked together in {@link #build}.
   */
  public static final class Builder {

    private @Nullable ModelSource base;
    private @Nullable FineTuningMethod method;
    private final List<Site> sites = new ArrayList<>();
    private int rounds = 5;
    private LocalTraining training = (builder, round) -> {};
    private Aggregation aggregation = Aggregation.STACK_SVD;
    private OptionalInt localSteps = OptionalInt.empty();
    private @Nullable Privacy privacy;
    private double participation = 1;
    private OptionalDouble maxSiteWeight = OptionalDouble.empty();
    private int siteAttempts = 2;
    private int minSites;
    private long seed = 42;
    private @Nullable Path output;
    private boolean resume;
    private boolean overwrite;
    private final List<FederatedListener> listeners = new ArrayList<>();

    private Builder() {}

    /**
     * Sets the base model that all sites start from. A folder has to be at the same path wherever a
     * site trains.
     *
     * @param source a Hugging Face checkpoint, in a folder or on a hub
     */
    public Builder model(ModelSource source) {
      base = Objects.requireNonNull(source, "source");
      return this;
    }

    /**
     * Sets the fine-tuning method: {@code Lora}, or {@code QLora} of adapt4j-qlora. Its rank is
     * that of the common adapter.
     *
     * @param lowRank the method, without DoRA
     */
    public Builder method(FineTuningMethod lowRank) {
      method = Objects.requireNonNull(lowRank, "lowRank");
      return this;
    }

    /**
     * Adds a site.
     *
     * @param site a site with a unique name
     */
    public Builder site(Site site) {
      sites.add(Objects.requireNonNull(site, "site"));
      return this;
    }

    /**
     * Sets the number of rounds; default 5. A resumed run may have more than before.
     *
     * @param count at least 1
     */
    public Builder rounds(int count) {
      rounds = count;
      return this;
    }

    /**
     * Sets the options of the sites' training, such as epochs per round, batch size, learning rate
     * and task; defaults are those of {@code FineTuner}. The learning-rate schedule spans one
     * round.
     *
     * @param options sets them
     */
    public Builder training(LocalTraining options) {
      training = Objects.requireNonNull(options, "options");
      return this;
    }

    /**
     * Sets the aggregation method; default {@link Aggregation#STACK_SVD}.
     *
     * @param how the method
     */
    public Builder aggregation(Aggregation how) {
      aggregation = Objects.requireNonNull(how, "how");
      return this;
    }

    /**
     * Limits the steps of a site's training per round; unlimited by default. Rows are shuffled
     * again in each round. More frequent aggregation keeps adapters from drifting apart, but sends
     * more data.
     */
    public Builder localSteps(int count) {
      localSteps = OptionalInt.of(count);
      return this;
    }

    /**
     * Clips the updates of sites and adds noise; default off.
     *
     * @param protection the clipping norm and the noise
     */
    public Builder privacy(Privacy protection) {
      privacy = Objects.requireNonNull(protection, "protection");
      return this;
    }

    /**
     * Sets the probability that a site takes part in a round, drawn independently; default 1.
     *
     * @param probability in (0, 1]
     */
    public Builder participation(double probability) {
      participation = probability;
      return this;
    }

    /**
     * Sets the maximum weight of a site in a round's mean. Sites report their number of training
     * tokens themselves; this limits the effect of a wrong number. Excess weight goes to the other
     * sites. Default 0.5 with three or more sites, and 1, no limit, with fewer; with noise all
     * sites have equal weights.
     *
     * @param weight in (0, 1]; below 1 / sites, all have equal weights
     */
    public Builder maxSiteWeight(double weight) {
      maxSiteWeight = OptionalDouble.of(weight);
      return this;
    }

    /** Sets the number of attempts per site and round before the site is left out; default 2. */
    public Builder siteAttempts(int count) {
      siteAttempts = count;
      return this;
    }

    /**
     * Sets the minimum number of updates per round; default all sites. With fewer, the run fails
     * with a {@link FederatedException}; otherwise, sites left out are reported.
     *
     * @param count from 1 to the number of sites
     */
    public Builder minSites(int count) {
      minSites = count;
      return this;
    }

    /**
     * Sets the seed of initial values, row order and participation; default 42.
     *
     * @param value any number
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets the output folder: {@code adapter}, {@code model} if the base changes, {@code
     * federated.json} with the reports, and {@code rounds} to resume from.
     *
     * @param folder created if absent
     */
    public Builder output(Path folder) {
      output = Objects.requireNonNull(folder, "folder");
      return this;
    }

    /**
     * Resumes after the last complete round in the output folder; without one, the run starts from
     * the beginning. The result equals that of an uninterrupted run.
     */
    public Builder resume() {
      resume = true;
      return this;
    }

    /** Lets the run replace an earlier one in its output folder. */
    public Builder overwriteOutput() {
      overwrite = true;
      return this;
    }

    /**
     * Adds a listener called after each round.
     *
     * @param listener may evaluate the common adapter
     */
    public Builder listener(FederatedListener listener) {
      listeners.add(Objects.requireNonNull(listener, "listener"));
      return this;
    }

    /**
     * Checks all settings. The options of the sites' training are checked where they train.
     *
     * @return a tuner ready to run
     * @throws SettingsException naming every problem found
     */
    public FederatedFineTuner build() {
      List<String> problems = new ArrayList<>();
      require(problems, base != null, "no model: give ModelSource.path(...) or hub(...)");
      require(problems, output != null, "no output: give the folder for the result");
      checkSites(problems);
      checkNumbers(problems);
      Optional<StoredMethod> stored = checkMethod(problems);
      checkPrivacy(problems);
      checkOutput(problems);
      if (!problems.isEmpty()) {
        throw SettingsException.ofFineTuning(problems);
      }
      if (aggregation == Aggregation.NAIVE) {
        LOG.warn(
            "Averaged factors are not the mean of the updates; each round reports by how much."
                + " STACK_SVD is as cheap and better");
      }
      return new FederatedFineTuner(
          new FederatedSettings(
              Objects.requireNonNull(base),
              stored.orElseThrow(),
              List.copyOf(sites),
              rounds,
              training,
              aggregation,
              localSteps.orElse(0),
              Optional.ofNullable(privacy),
              participation,
              maxSiteWeight.orElse(sites.size() < 3 ? 1 : 0.5),
              siteAttempts,
              minSites == 0 ? (participation < 1 ? 1 : sites.size()) : minSites,
              seed,
              Objects.requireNonNull(output),
              resume,
              overwrite,
              List.copyOf(listeners)));
    }

    private static void require(List<String> problems, boolean holds, String problem) {
      if (!holds) {
        problems.add(problem);
      }
    }

    private void checkSites(List<String> problems) {
      require(problems, !sites.isEmpty(), "no site: add Site.of(name, data) for each");
      Set<String> names = new HashSet<>();
      for (Site site : sites) {
        require(
            problems,
            names.add(site.name()),
            "two sites are called '" + site.name() + "'; give each its own name");
      }
    }

    private void checkNumbers(List<String> problems) {
      require(problems, rounds >= 1, "rounds must be at least 1, found " + rounds);
      require(
          problems, siteAttempts >= 1, "siteAttempts must be at least 1, found " + siteAttempts);
      require(
          problems,
          minSites >= 0 && minSites <= sites.size(),
          "minSites must be from 1 to the " + sites.size() + " sites, found " + minSites);
      require(
          problems,
          localSteps.orElse(1) >= 1,
          "localSteps must be at least 1, found " + localSteps.orElse(1));
      require(
          problems,
          participation > 0 && participation <= 1,
          "participation must be in (0, 1], found " + participation);
      double weight = maxSiteWeight.orElse(1);
      require(
          problems, weight > 0 && weight <= 1, "maxSiteWeight must be in (0, 1], found " + weight);
    }

    private Optional<StoredMethod> checkMethod(List<String> problems) {
      FineTuningMethod chosen = method;
      if (chosen == null) {
        problems.add("no method: give Lora.rank(...)");
        return Optional.empty();
      }
      Optional<StoredMethod> stored = StoredMethod.of(chosen);
      if (stored.isEmpty()) {
        problems.add(
            "the method '"
                + chosen.description()
                + "' is no low-rank adaptation that can be sent to sites; give Lora, or QLora,"
                + " without a weight format of your own");
        return stored;
      }
      problems.addAll(stored.get().problems());
      require(
          problems,
          aggregation != Aggregation.STACK_MERGE || !stored.get().trainsMore(),
          "STACK_MERGE begins each round with a new adapter, so biases and modules to save have no"
              + " place; use RESIDUAL or STACK_SVD");
      return stored;
    }

    private void checkPrivacy(List<String> problems) {
      Privacy protection = privacy;
      if (protection != null && protection.hasNoise() && !protection.isAtSites()) {
        require(
            problems,
            aggregation.isLinear(),
            "noise on the sum needs an aggregation that sums values, found "
                + aggregation
                + "; use FREEZE_A, or Privacy.atSites(...)");
      }
    }

    private void checkOutput(List<String> problems) {
      Path folder = output;
      if (folder != null && !resume && !overwrite) {
        boolean taken =
            Files.exists(folder.resolve("rounds")) || Files.exists(folder.resolve(RunState.FILE));
        require(
            problems,
            !taken,
            folder + " holds a run; give resume() to go on with it, or overwriteOutput()");
      }
      require(
          problems, !(resume && overwrite), "resume and overwriteOutput are both given; give one");
    }
  }
}
