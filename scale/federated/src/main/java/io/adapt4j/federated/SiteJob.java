package io.adapt4j.federated;

import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.MergedBase;
import io.adapt4j.federated.internal.Noise;
import io.adapt4j.federated.internal.StoredAdapter;
import io.adapt4j.federated.internal.StoredMethod;
import io.adapt4j.federated.internal.UpdateNorm;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A site's training in a round: everything it needs except the data and the base, to be sent to
 * their location. Serializable if the site's {@link SiteData} and {@link LocalTraining} are.
 */
public final class SiteJob implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(SiteJob.class);
  private static final long MAX_FIRST_ADAPTER = 16L << 30;

  /**
   * Parts common to all jobs of a run.
   *
   * @param revision of the repository; null for a folder
   * @param privacy protection at the site; null for none
   * @param localSteps limit of steps per round; 0 for none
   */
  record Common(
      String run,
      String path,
      @Nullable String revision,
      StoredMethod method,
      Aggregation aggregation,
      @Nullable NoiseAtSite privacy,
      int rounds,
      int localSteps,
      long seed)
      implements Serializable {

    /** Returns the name of the base including the folded updates. */
    String baseName(@Nullable AdapterFiles folded) {
      return "%s@%s+%s"
          .formatted(path, revision, folded == null ? "" : MergedBase.digest(folded.weights()));
    }

    ModelSource base() {
      return revision == null ? ModelSource.path(Path.of(path)) : ModelSource.hub(path, revision);
    }
  }

  /**
   * Noise added to a site's update before it leaves.
   *
   * @param seed seed of the noise; null for a random one each time
   */
  record NoiseAtSite(double clip, double noiseMultiplier, @Nullable Long seed)
      implements Serializable {}

  /** Counts training tokens, and stops the training after a number of steps. */
  private static final class Meter implements TrainingListener {
    private final AtomicReference<FineTuner> stopped = new AtomicReference<>();
    private final int stepsAtMost;
    private int steps;
    private long targetTokens;

    Meter(int stepsAtMost) {
      this.stepsAtMost = stepsAtMost;
    }

    @Override
    public void step(StepEvent event) {
      targetTokens += event.targetTokens();
      FineTuner tuner = stopped.get();
      if (++steps == stepsAtMost && tuner != null) {
        tuner.stop();
      }
    }
  }

  /** Parts common to all jobs of the run. */
  private final Common common;

  /** Identity of the job, repeated in its result. */
  private final JobStamp stamp;

  /** The site's name. */
  private final String site;

  /** The machine to run on; null for any. */
  private final @Nullable String host;

  private final int index;

  /** The round, from 1. */
  private final int round;

  /** The site's rows. */
  private final SiteData data;

  /** Options of its training, in order of application. */
  private final List<LocalTraining> training;

  /** The common adapter; null if a new one is initialized. */
  private final @Nullable AdapterFiles start;

  /** Update that earlier rounds folded into the base; null for none. */
  private final @Nullable AdapterFiles folded;

  private transient @Nullable ModelSource base;

  SiteJob(
      Common common,
      Site site,
      int index,
      int round,
      List<LocalTraining> training,
      @Nullable AdapterFiles start,
      @Nullable AdapterFiles folded,
      ModelSource base) {
    this.common = common;
    this.stamp = JobStamp.of(site.name(), round, common.baseName(folded));
    this.site = site.name();
    this.host = site.host().orElse(null);
    this.index = index;
    this.round = round;
    this.data = site.data();
    this.training = List.copyOf(training);
    this.start = start;
    this.folded = folded;
    this.base = base;
  }

  JobStamp stamp() {
    return stamp;
  }

  /**
   * Returns the size limit of the site's result: the size of the adapter it received, in the widest
   * type.
   */
  long maxAdapterBytes() {
    return start == null ? MAX_FIRST_ADAPTER : 4 * start.bytes() + (1 << 20);
  }

  /** {@return the name of the site} */
  public String site() {
    return site;
  }

  /** {@return the machine that has the data; empty if none was given} */
  public Optional<String> host() {
    return Optional.ofNullable(host);
  }

  /** {@return the round, from 1; 0 for the job that creates the initial adapter} */
  public int round() {
    return round;
  }

  /** {@return the unique id of the run} */
  public String run() {
    return common.run();
  }

  /** {@return the bytes of the adapters that are sent with the job} */
  public long bytes() {
    return (start == null ? 0 : start.bytes()) + (folded == null ? 0 : folded.bytes());
  }

  /**
   * Creates the result of a failed training.
   *
   * @param failure the reason, for the report
   * @return the result
   */
  public SiteResult failed(String failure) {
    return SiteResult.failed(stamp, failure);
  }

  /**
   * Runs the training. Failures are reported in the result.
   *
   * @param scratch a working folder for this run on the training machine; a merged base is kept
   *     there for later jobs
   * @return the adapter, or the failure
   */
  public SiteResult run(Path scratch) {
    return run(scratch, data);
  }

  /**
   * Runs the training on data available only here, otherwise like {@link #run(Path)}.
   *
   * @param scratch a working folder for this run on the training machine
   * @param rows data instead of the site's
   * @return the adapter, or the failure
   */
  public SiteResult run(Path scratch, SiteData rows) {
    Path work = scratch.resolve("site-" + site + "-" + round);
    try {
      Temporaries.deleteTree(work);
      Disk.createFolders(work);
      return train(scratch, work, rows);
    } catch (RuntimeException | IOException e) {
      LOG.warn("Site {} failed in round {}", site, round, e);
      return failed(e.getClass().getSimpleName() + ": " + e.getMessage());
    } finally {
      try {
        Temporaries.deleteTree(work);
      } catch (IOException e) {
        LOG.warn("{} could not be deleted", work, e);
      }
    }
  }

  private SiteResult train(Path scratch, Path work, SiteData rows) {
    // The job without an adapter creates the initial one.
    Meter meter = new Meter(start == null ? 1 : common.localSteps());
    FineTuner.Builder builder =
        FineTuner.builder()
            .seed(common.seed() + 1_000_003L * round + 7919L * index)
            .listener(meter);
    if (start == null) {
      builder.seed(common.seed()).learningRateFactor(".", 0);
    } else if (common.aggregation() == Aggregation.FREEZE_A) {
      builder.learningRateFactor("lora_A", 0);
    }
    SiteRound which = new SiteRound(site, round, common.rounds());
    training.forEach(options -> options.configure(builder, which));
    if (start == null) {
      // A fit to this site's rows would leave the site without the noise that protects updates.
      builder.headWarmStart(false);
    }
    Path begin = work.resolve("start");
    if (start != null) {
      start.write(begin);
    }
    FineTuner tuner =
        builder
            .model(model(scratch))
            .dataset(rows.open())
            .method(start == null ? common.method().fresh() : common.method().continuing(begin))
            .output(work.resolve("run"))
            .build();
    meter.stopped.set(tuner);
    FineTuneReport report = tuner.run();
    return SiteResult.of(
        stamp,
        AdapterFiles.read(protect(begin, report.last(), work.resolve("protected"))),
        meter.targetTokens,
        report.steps(),
        report.firstLoss(),
        report.lastLoss(),
        report.elapsed());
  }

  private ModelSource model(Path scratch) {
    ModelSource source = base == null ? common.base() : base;
    return folded == null
        ? source
        : ModelSource.path(MergedBase.of(source.folder(), folded, scratch));
  }

  /** Returns the adapter that may leave the site, with clipping and noise applied. */
  private Path protect(Path begin, Path end, Path output) {
    NoiseAtSite noise = common.privacy();
    if (noise == null || start == null) {
      return end;
    }
    AdapterFiles.read(end).writeOthers(output);
    try (StoredAdapter before = StoredAdapter.open(begin);
        StoredAdapter after = StoredAdapter.open(end)) {
      UpdateNorm.write(
          before,
          after,
          common.aggregation()::trains,
          noise.clip(),
          noise.clip() * noise.noiseMultiplier(),
          Noise.of(Optional.ofNullable(noise.seed()), 1_000_003L * round + index),
          output);
    }
    return output;
  }
}
