package io.adapt4j.core;

import com.fasterxml.jackson.databind.node.LongNode;
import io.adapt4j.core.data.Batching;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.train.EarlyStopping;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The keys of a run's description: how each is read into a {@link FineTuner.Builder} and written
 * from {@link FineTuneSettings}. A setter of the builder is one line here, or is named in {@link
 * #WITHOUT_KEY} with the reason.
 */
final class RunKeys {

  /** Setters that a description cannot have. */
  static final Map<String, String> WITHOUT_KEY =
      Map.of("listener", "is code; the command line adds those for its output");

  /** Keys that say where data comes from. */
  static final Set<String> DATA = Set.of("data", "validation", "replay");

  /** All keys, in the order in which they are read and written. */
  static final List<RunKey> ALL =
      List.of(
          RunKey.of(
              "model",
              (fields, builder) -> RunModel.read(fields).ifPresent(builder::model),
              settings -> Optional.of(RunModel.write(settings.model()))),
          RunKey.of(
              "task",
              (fields, builder) -> RunTasks.read(fields).ifPresent(builder::task),
              settings -> RunTasks.write(settings.objective().task())),
          new RunKey("data", Set.of("dataset"), RunData::read, RunData::training),
          new RunKey(
              "validation",
              Set.of("dataset"),
              (fields, builder) -> fields.find("validation"),
              RunData::held),
          // What was mixed is the data that is written.
          RunKey.of("replay", RunData::readReplay, settings -> Optional.empty()),
          RunKey.of(
              "method",
              (fields, builder) -> RunMethods.read(fields).ifPresent(builder::method),
              settings -> RunMethods.write(RunMethods.plain(settings.method()))),
          RunKey.number(
              "neftune",
              "of at least 0",
              RunKeys::isNotNegative,
              FineTuner.Builder::neftune,
              settings -> RunMethods.noise(settings.method())),
          RunKey.of(
              "output",
              (fields, builder) -> fields.file("output").ifPresent(builder::output),
              settings -> RunKey.text(settings.output().toAbsolutePath().normalize())),
          RunKey.act("overwriteOutput", FineTuner.Builder::overwriteOutput),
          RunKey.act("resume", FineTuner.Builder::resume),
          RunKey.integer("epochs", 1, FineTuner.Builder::epochs, s -> s.training().epochs()),
          RunKey.optional(
              "maxSteps",
              1,
              FineTuner.Builder::maxSteps,
              s -> Optional.of(s.training().maxSteps()).filter(steps -> steps > 0)),
          RunKey.integer("batchSize", 1, FineTuner.Builder::batchSize, FineTuneSettings::batchSize),
          RunKey.integer(
              "gradientAccumulation",
              1,
              FineTuner.Builder::gradientAccumulation,
              s -> s.training().accumulation()),
          RunKey.optional(
              "maxLength", 2, FineTuner.Builder::maxLength, FineTuneSettings::maxLength),
          RunKey.choice(
              "overflow", Overflow.class, FineTuner.Builder::overflow, FineTuneSettings::overflow),
          RunKey.optional("overlap", 1, FineTuner.Builder::overlap, s -> s.tokens().overlap()),
          RunKey.toggle(
              "packing", FineTuner.Builder::packing, s -> s.tokens().batching() == Batching.PACKED),
          RunKey.flag(
              "groupByLength",
              FineTuner.Builder::groupByLength,
              s -> s.tokens().batching() == Batching.BY_LENGTH),
          RunKey.choice(
              "lossOn", LossOn.class, FineTuner.Builder::lossOn, s -> s.tokens().lossOn()),
          RunKey.of(RunTemplates.KEY, RunTemplates::read, RunTemplates::write),
          RunKey.of("regularise", RunRegularisations::read, RunRegularisations::write),
          RunKey.number(
              "learningRate",
              "above 0",
              value -> value > 0,
              FineTuner.Builder::learningRate,
              s -> s.training().learningRate()),
          RunKey.of(
              "schedule",
              (fields, builder) -> RunSchedules.read(fields).ifPresent(builder::schedule),
              settings -> RunSchedules.write(settings.training().schedule())),
          RunKey.of(
              "warmupRatio",
              (fields, builder) ->
                  fields
                      .number("warmupRatio", "from 0 to 1", value -> value >= 0 && value <= 1)
                      .ifPresent(builder::warmupRatio),
              settings -> RunSchedules.warmupRatio(settings.training().warmup())),
          RunKey.of(
              "warmupSteps",
              (fields, builder) -> {
                fields.exclude("warmupRatio", "warmupSteps");
                fields.integer("warmupSteps", 0).ifPresent(builder::warmupSteps);
              },
              settings -> RunSchedules.warmupSteps(settings.training().warmup())),
          RunKey.of(
              "optimizer",
              (fields, builder) -> RunOptimizers.read(fields).ifPresent(builder::optimizer),
              settings -> Optional.of(RunOptimizers.write(settings.training().step().optimizer()))),
          new RunKey(
              "learningRateFactors",
              Set.of("learningRateFactor"),
              RunOptimizers::readFactors,
              RunOptimizers::writeFactors),
          RunKey.number(
              "weightDecay",
              "of at least 0",
              RunKeys::isNotNegative,
              FineTuner.Builder::weightDecay,
              s -> s.training().step().weightDecay()),
          RunKey.number(
              "maxGradientNorm",
              "of at least 0",
              RunKeys::isNotNegative,
              FineTuner.Builder::maxGradientNorm,
              s -> s.training().step().maxGradientNorm()),
          RunIntervals.ofSteps(
              "evaluateEvery",
              FineTuner.Builder::evaluateEvery,
              s -> new Interval(s.training().evaluationInterval())),
          RunKey.flag("keepBest", FineTuner.Builder::keepBest, s -> s.training().keepBest()),
          RunKey.of(
              "bestBy",
              (fields, builder) -> fields.text("bestBy").ifPresent(builder::bestBy),
              settings -> RunKey.text(settings.objective().selection().metric())),
          RunKey.integer(
              "keepLast", 0, FineTuner.Builder::keepLast, FineTuneSettings::numberedCheckpoints),
          RunKey.optional(
              "earlyStopping",
              1,
              FineTuner.Builder::earlyStopping,
              s -> s.training().earlyStopping().map(EarlyStopping::patience)),
          RunIntervals.ofStepsOrTime(
              "saveEvery",
              FineTuner.Builder::saveEvery,
              s -> new Interval(s.training().states().interval(), s.training().states().time())),
          RunKey.integer(
              "saveLimit", 0, FineTuner.Builder::saveLimit, s -> s.training().states().kept()),
          RunKey.toggle(
              "gradientCheckpointing",
              FineTuner.Builder::gradientCheckpointing,
              s -> s.training().step().recompute()),
          RunKey.choice(
              "precision",
              Precision.class,
              FineTuner.Builder::precision,
              FineTuneSettings::precision),
          RunKey.integer(
              "maxSkippedSteps",
              0,
              FineTuner.Builder::maxSkippedSteps,
              s -> s.training().maxSkippedSteps()),
          RunKey.of(
              "seed",
              (fields, builder) -> fields.whole("seed").ifPresent(builder::seed),
              settings -> Optional.of(LongNode.valueOf(settings.seed()))));

  private RunKeys() {}

  private static boolean isNotNegative(double value) {
    return value >= 0;
  }
}
