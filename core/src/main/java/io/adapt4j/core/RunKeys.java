package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.describe.Fields;
import io.adapt4j.core.train.EarlyStopping;
import io.adapt4j.core.train.TrainingOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;
import java.util.function.Function;

/**
 * The keys of a run's description: how each is read into a {@link FineTuner.Builder} and written
 * from {@link FineTuneSettings}. A setter of the builder is one line here, or is named in {@link
 * #WITHOUT_KEY} with the reason.
 */
final class RunKeys {

  /** Setters that a description cannot have. */
  static final Map<String, String> WITHOUT_KEY =
      Map.of("listener", "is code; the command line adds those for its output");

  /** All keys, in the order in which they are read and written. */
  static final List<Key> ALL =
      List.of(
          new Key(
              "model",
              Set.of("model"),
              (fields, builder) -> RunModel.read(fields).ifPresent(builder::model),
              settings -> Optional.of(RunModel.write(settings.model()))),
          new Key("data", Set.of("dataset"), RunData::read, settings -> RunData.training(settings)),
          new Key(
              "validation", Set.of(), (fields, builder) -> {}, settings -> RunData.held(settings)),
          new Key(
              "method",
              Set.of("method"),
              (fields, builder) -> RunMethods.read(fields).ifPresent(builder::method),
              settings -> RunMethods.write(settings.method())),
          new Key(
              "output",
              Set.of("output"),
              (fields, builder) -> fields.file("output").ifPresent(builder::output),
              settings -> text(settings.output().toAbsolutePath().normalize())),
          act("overwriteOutput", FineTuner.Builder::overwriteOutput),
          act("resume", FineTuner.Builder::resume),
          integer("epochs", 1, FineTuner.Builder::epochs, t -> t.epochs()),
          new Key(
              "maxSteps",
              Set.of("maxSteps"),
              (fields, builder) -> fields.integer("maxSteps", 1).ifPresent(builder::maxSteps),
              settings ->
                  Optional.of(settings.training().maxSteps())
                      .filter(steps -> steps > 0)
                      .map(IntNode::valueOf)),
          new Key(
              "batchSize",
              Set.of("batchSize"),
              (fields, builder) -> fields.integer("batchSize", 1).ifPresent(builder::batchSize),
              settings -> Optional.of(IntNode.valueOf(settings.batchSize()))),
          integer(
              "gradientAccumulation",
              1,
              FineTuner.Builder::gradientAccumulation,
              t -> t.accumulation()),
          new Key(
              "maxLength",
              Set.of("maxLength"),
              (fields, builder) -> fields.integer("maxLength", 2).ifPresent(builder::maxLength),
              settings -> settings.maxLength().map(IntNode::valueOf)),
          new Key(
              "overflow",
              Set.of("overflow"),
              (fields, builder) ->
                  fields.choice("overflow", Overflow.class).ifPresent(builder::overflow),
              settings -> text(Fields.written(settings.overflow()))),
          number(
              "learningRate",
              "above 0",
              value -> value > 0,
              FineTuner.Builder::learningRate,
              t -> t.learningRate()),
          new Key(
              "schedule",
              Set.of("schedule"),
              (fields, builder) -> RunSchedules.read(fields).ifPresent(builder::schedule),
              settings -> Optional.of(RunSchedules.write(settings.training().schedule()))),
          new Key(
              "warmupRatio",
              Set.of("warmupRatio"),
              (fields, builder) ->
                  fields
                      .number("warmupRatio", "from 0 to 1", RunKeys::isShare)
                      .ifPresent(builder::warmupRatio),
              settings -> RunSchedules.warmupRatio(settings.training().warmup())),
          new Key(
              "warmupSteps",
              Set.of("warmupSteps"),
              (fields, builder) -> {
                fields.exclude("warmupRatio", "warmupSteps");
                fields.integer("warmupSteps", 0).ifPresent(builder::warmupSteps);
              },
              settings -> RunSchedules.warmupSteps(settings.training().warmup())),
          new Key(
              "optimizer",
              Set.of("optimizer"),
              (fields, builder) -> RunOptimizers.read(fields).ifPresent(builder::optimizer),
              settings -> Optional.of(RunOptimizers.write(settings.training().step().optimizer()))),
          new Key(
              "learningRateFactors",
              Set.of("learningRateFactor"),
              RunOptimizers::readFactors,
              settings -> RunOptimizers.writeFactors(settings.training().step().rates())),
          number(
              "weightDecay",
              "of at least 0",
              value -> value >= 0,
              FineTuner.Builder::weightDecay,
              t -> t.step().weightDecay()),
          number(
              "maxGradientNorm",
              "of at least 0",
              value -> value >= 0,
              FineTuner.Builder::maxGradientNorm,
              t -> t.step().maxGradientNorm()),
          interval("evaluateEvery", FineTuner.Builder::evaluateEvery, t -> t.evaluationInterval()),
          flag("keepBest", FineTuner.Builder::keepBest, t -> t.keepBest()),
          new Key(
              "earlyStopping",
              Set.of("earlyStopping"),
              (fields, builder) ->
                  fields.integer("earlyStopping", 1).ifPresent(builder::earlyStopping),
              settings ->
                  settings
                      .training()
                      .earlyStopping()
                      .map(EarlyStopping::patience)
                      .map(IntNode::valueOf)),
          interval("saveEvery", FineTuner.Builder::saveEvery, t -> t.states().interval()),
          integer("saveLimit", 0, FineTuner.Builder::saveLimit, t -> t.states().kept()),
          new Key(
              "gradientCheckpointing",
              Set.of("gradientCheckpointing"),
              (fields, builder) ->
                  fields.flag("gradientCheckpointing").ifPresent(builder::gradientCheckpointing),
              settings -> Optional.of(BooleanNode.valueOf(settings.training().step().recompute()))),
          new Key(
              "precision",
              Set.of("precision"),
              (fields, builder) ->
                  fields.choice("precision", Precision.class).ifPresent(builder::precision),
              settings -> text(Fields.written(settings.precision()))),
          integer(
              "maxSkippedSteps", 0, FineTuner.Builder::maxSkippedSteps, t -> t.maxSkippedSteps()),
          new Key(
              "seed",
              Set.of("seed"),
              (fields, builder) -> fields.whole("seed").ifPresent(builder::seed),
              settings -> Optional.of(LongNode.valueOf(settings.seed()))));

  private RunKeys() {}

  /**
   * A key.
   *
   * @param name how it is written
   * @param setters the builder's methods that it stands for
   * @param reader reads it into a builder; what is wrong goes to the fields' problems
   * @param writer writes it; empty where nothing is to be said, or it cannot be said
   */
  record Key(
      String name,
      Set<String> setters,
      BiConsumer<Fields, FineTuner.Builder> reader,
      Function<FineTuneSettings, Optional<? extends JsonNode>> writer) {}

  private static boolean isShare(double value) {
    return value >= 0 && value <= 1;
  }

  private static Optional<JsonNode> text(Object value) {
    return Optional.of(TextNode.valueOf(value.toString()));
  }

  /** A key that says what to do now, and so is not part of a record. */
  private static Key act(String name, Consumer<FineTuner.Builder> setter) {
    return new Key(
        name,
        Set.of(name),
        (fields, builder) ->
            fields.flag(name).filter(on -> on).ifPresent(on -> setter.accept(builder)),
        settings -> Optional.empty());
  }

  private static Key flag(
      String name, Consumer<FineTuner.Builder> setter, Function<TrainingOptions, Boolean> getter) {
    return new Key(
        name,
        Set.of(name),
        (fields, builder) ->
            fields.flag(name).filter(on -> on).ifPresent(on -> setter.accept(builder)),
        settings -> Optional.of(BooleanNode.valueOf(getter.apply(settings.training()))));
  }

  private static Key integer(
      String name,
      int least,
      BiConsumer<FineTuner.Builder, Integer> setter,
      Function<TrainingOptions, Integer> getter) {
    return new Key(
        name,
        Set.of(name),
        (fields, builder) ->
            fields.integer(name, least).ifPresent(value -> setter.accept(builder, value)),
        settings -> Optional.of(IntNode.valueOf(getter.apply(settings.training()))));
  }

  private static Key number(
      String name,
      String range,
      DoublePredicate isRight,
      BiConsumer<FineTuner.Builder, Double> setter,
      Function<TrainingOptions, Double> getter) {
    return new Key(
        name,
        Set.of(name),
        (fields, builder) ->
            fields.number(name, range, isRight).ifPresent(value -> setter.accept(builder, value)),
        settings -> Optional.of(DoubleNode.valueOf(getter.apply(settings.training()))));
  }

  /** {@code epoch}, or a number of steps. */
  private static Key interval(
      String name,
      BiConsumer<FineTuner.Builder, Interval> setter,
      Function<TrainingOptions, Integer> getter) {
    return new Key(
        name,
        Set.of(name),
        (fields, builder) ->
            readInterval(fields, name).ifPresent(value -> setter.accept(builder, value)),
        settings -> {
          int steps = getter.apply(settings.training());
          return Optional.of(steps == 0 ? TextNode.valueOf("epoch") : IntNode.valueOf(steps));
        });
  }

  private static Optional<Interval> readInterval(Fields fields, String name) {
    boolean isWord =
        fields.find(name).filter(value -> value.content() instanceof String).isPresent();
    if (!isWord) {
      return fields.integer(name, 1).map(Interval::steps);
    }
    String word = fields.text(name).orElseThrow();
    if (word.equals("epoch")) {
      return Optional.of(Interval.EPOCH);
    }
    fields.problem(
        name, "expected 'epoch' or a number of steps of at least 1, found '" + word + "'.");
    return Optional.empty();
  }
}
