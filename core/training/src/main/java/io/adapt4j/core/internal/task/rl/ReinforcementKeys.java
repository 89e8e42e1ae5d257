package io.adapt4j.core.internal.task.rl;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.core.reinforce.ClippedRatio;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.ImportanceCorrection;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.reinforce.Rewards;
import io.adapt4j.core.task.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.PatternSyntaxException;

/**
 * The tasks {@code grpo} and {@code ppo} under the key {@code task}. User-defined rewards have no
 * key.
 */
final class ReinforcementKeys {

  private static final String GRPO = "grpo";
  private static final String PPO = "ppo";

  static final List<String> NAMES = List.of(GRPO, PPO);

  private static final String REWARDS = "rewards";
  private static final String NAME = "name";
  private static final String WEIGHT = "weight";
  private static final String REGEX = "regex";
  private static final String NUMERIC_ANSWER = "numericAnswer";
  private static final String TOLERANCE = "tolerance";
  private static final String EXACT = "exact";
  private static final String JSON_SCHEMA = "jsonSchema";
  private static final String CITATION = "citation";
  private static final String MODEL = "model";
  private static final String ADAPTER = "adapter";
  private static final String CEILING = "clipCeiling";
  private static final String CORRECTION = "importanceCorrection";
  private static final String FORM = "form";
  private static final String LIMIT = "limit";
  private static final String ROLLOUTS_AHEAD = "rolloutsAhead";
  private static final String TRACES = "traces";
  private static final String REPLAY = "replay";
  private static final String KL_COEFFICIENT = "klCoefficient";
  private static final String ABOVE_0 = "above 0";
  private static final String NOT_NEGATIVE = "of at least 0";

  private ReinforcementKeys() {}

  private static boolean isPositive(double value) {
    return value > 0;
  }

  private static boolean isNotNegative(double value) {
    return value >= 0;
  }

  static Optional<Task> read(String name, Fields options) {
    return name.equals(GRPO) ? readGrpo(options) : readPpo(options);
  }

  private static Optional<Task> readGrpo(Fields fields) {
    Grpo.Builder builder = Grpo.builder();
    int rewards = readRollout(fields, builder);
    fields.choice("advantages", AdvantageEstimator.class).ifPresent(builder::advantages);
    fields.choice("normalization", LossNormalization.class).ifPresent(builder::normalization);
    builder.objective(readClip(fields));
    fields.exclude("clipLow", "objective");
    fields.exclude("clipHigh", "objective");
    fields.exclude(CEILING, "objective");
    ObjectiveKeys.read(fields).ifPresent(builder::objective);
    fields
        .number(KL_COEFFICIENT, NOT_NEGATIVE, ReinforcementKeys::isNotNegative)
        .ifPresent(builder::klCoefficient);
    fields
        .flag("sequenceRatios")
        .filter(Boolean::booleanValue)
        .ifPresent(on -> builder.sequenceRatios());
    readCorrections(fields, builder);
    fields
        .number("topEntropy", "above 0 and at most 1", value -> value > 0 && value <= 1)
        .ifPresent(builder::topEntropy);
    fields
        .number("entropyCoefficient", NOT_NEGATIVE, ReinforcementKeys::isNotNegative)
        .ifPresent(builder::entropyCoefficient);
    fields.integer("dynamicSampling", 0).ifPresent(builder::dynamicSampling);
    fields
        .flag(ROLLOUTS_AHEAD)
        .filter(Boolean::booleanValue)
        .ifPresent(on -> builder.rolloutsAhead());
    fields.file(TRACES).ifPresent(builder::traces);
    fields.file(REPLAY).ifPresent(builder::replay);
    return built(fields, rewards, builder::build);
  }

  private static ClippedRatio readClip(Fields fields) {
    return new ClippedRatio(
        fields
            .number("clipLow", "above 0 and below 1", value -> value > 0 && value < 1)
            .orElse(Grpo.CLIP),
        fields.number("clipHigh", ABOVE_0, ReinforcementKeys::isPositive).orElse(Grpo.CLIP),
        fields.number(CEILING, "above 1", value -> value > 1).orElse(Double.POSITIVE_INFINITY));
  }

  private static void readCorrections(Fields fields, Grpo.Builder builder) {
    fields.flag("correctKl").filter(Boolean::booleanValue).ifPresent(on -> builder.correctKl());
    fields
        .number("offPolicyLimit", ABOVE_0, ReinforcementKeys::isPositive)
        .ifPresent(builder::offPolicyLimit);
    if (fields
        .find(CORRECTION)
        .filter(value -> Boolean.FALSE.equals(value.content()))
        .isPresent()) {
      builder.withoutImportanceCorrection();
      return;
    }
    Optional<Fields> correction = fields.mapping(CORRECTION);
    if (correction.isPresent()) {
      Fields keys = correction.get();
      keys.require(FORM, "Write token-truncated, for example.");
      keys.require(LIMIT, "Write the largest ratio, such as 2.");
      Optional<ImportanceCorrection.Form> form = keys.choice(FORM, ImportanceCorrection.Form.class);
      Optional<Double> limit = keys.number(LIMIT, ABOVE_0, ReinforcementKeys::isPositive);
      keys.finish();
      if (form.isPresent() && limit.isPresent()) {
        builder.importanceCorrection(new ImportanceCorrection(form.get(), limit.get()));
      }
    }
  }

  private static Optional<Task> readPpo(Fields fields) {
    Ppo.Builder builder = Ppo.builder();
    int rewards = readRollout(fields, builder);
    fields
        .number("clip", "above 0 and below 1", value -> value > 0 && value < 1)
        .ifPresent(builder::clip);
    fields
        .number("valueClip", ABOVE_0, ReinforcementKeys::isPositive)
        .ifPresent(builder::valueClip);
    fields
        .number("valueCoefficient", NOT_NEGATIVE, ReinforcementKeys::isNotNegative)
        .ifPresent(builder::valueCoefficient);
    fields
        .number("discount", "above 0 and at most 1", value -> value > 0 && value <= 1)
        .ifPresent(builder::discount);
    fields
        .number("lambda", "from 0 to 1", value -> value >= 0 && value <= 1)
        .ifPresent(builder::lambda);
    readKl(fields, builder);
    fields.choice("klEstimator", KlEstimator.class).ifPresent(builder::klEstimator);
    fields
        .flag("whitenRewards")
        .filter(Boolean::booleanValue)
        .ifPresent(on -> builder.whitenRewards());
    return built(fields, rewards, builder::build);
  }

  private static void readKl(Fields fields, Ppo.Builder builder) {
    double usual = Ppo.KL_COEFFICIENT;
    Optional<Double> coefficient =
        fields.number(KL_COEFFICIENT, NOT_NEGATIVE, ReinforcementKeys::isNotNegative);
    Optional<Double> target = fields.number("klTarget", ABOVE_0, ReinforcementKeys::isPositive);
    Optional<Double> horizon = fields.number("klHorizon", ABOVE_0, ReinforcementKeys::isPositive);
    if (target.isPresent() != horizon.isPresent()) {
      fields.problem(
          target.isPresent() ? "klTarget" : "klHorizon",
          "klTarget and klHorizon go together. Give both, or neither for a fixed coefficient.");
    } else if (target.isPresent() && coefficient.orElse(usual) == 0) {
      fields.problem(KL_COEFFICIENT, "expected a number above 0 to begin with, found 0.");
    } else {
      double first = coefficient.orElse(usual);
      if (target.isPresent()) {
        builder.adaptiveKl(first, target.get(), horizon.get());
      } else {
        builder.klCoefficient(first);
      }
    }
  }

  /** Reads the common options and returns the number of rewards. */
  private static int readRollout(Fields fields, Reinforcement.Builder<?> builder) {
    fields.require(REWARDS, "Give a list such as '- {name: format, regex: ...}'.");
    int rewards = 0;
    for (Fields keys : fields.mappings(REWARDS)) {
      rewards += readReward(keys, builder) ? 1 : 0;
    }
    fields.integer("promptsPerRollout", 1).ifPresent(builder::promptsPerRollout);
    fields.integer("groupSize", 1).ifPresent(builder::groupSize);
    fields.integer("maxNewTokens", 1).ifPresent(builder::maxNewTokens);
    fields
        .number("temperature", ABOVE_0, ReinforcementKeys::isPositive)
        .ifPresent(builder::temperature);
    fields
        .number("topP", "above 0 and at most 1", value -> value > 0 && value <= 1)
        .ifPresent(builder::topP);
    fields.integer("topK", 0).ifPresent(builder::topK);
    fields.integer("generationBatch", 1).ifPresent(builder::generationBatch);
    fields.integer("passes", 1).ifPresent(builder::passes);
    fields
        .flag("maskTruncated")
        .filter(Boolean::booleanValue)
        .ifPresent(on -> builder.maskTruncated());
    return rewards;
  }

  private static boolean readReward(Fields fields, Reinforcement.Builder<?> builder) {
    fields.require(NAME, "Name the reward; its mean is reported under it.");
    fields.exclude(REGEX, NUMERIC_ANSWER, EXACT, JSON_SCHEMA, CITATION, MODEL, ADAPTER);
    List<RewardFunction> functions = new ArrayList<>();
    fields.text(REGEX).flatMap(regex -> format(fields, regex)).ifPresent(functions::add);
    if (fields.written().contains(TOLERANCE)) {
      fields.require(NUMERIC_ANSWER, "A tolerance is that of a number.");
    }
    Optional<Double> tolerance =
        fields.number(TOLERANCE, NOT_NEGATIVE, ReinforcementKeys::isNotNegative);
    fields
        .text(NUMERIC_ANSWER)
        .map(field -> numericAnswer(field, tolerance))
        .ifPresent(functions::add);
    fields.text(EXACT).map(Rewards::exact).ifPresent(functions::add);
    fields
        .text(JSON_SCHEMA)
        .ifPresent(
            schema -> fields.attempt(JSON_SCHEMA, () -> functions.add(Rewards.jsonSchema(schema))));
    fields.text(CITATION).map(Rewards::citation).ifPresent(functions::add);
    fields.file(MODEL).map(ModelReward::new).ifPresent(functions::add);
    fields.file(ADAPTER).map(AdapterReward::stored).ifPresent(functions::add);
    Optional<String> name = fields.text(NAME);
    double weight = fields.number(WEIGHT, "", Double::isFinite).orElse(1.0);
    fields.finish();
    if (functions.isEmpty()) {
      fields.problem(
          REGEX,
          "expected what is rewarded: %s or %s, found none."
              .formatted(
                  String.join(", ", REGEX, NUMERIC_ANSWER, EXACT, JSON_SCHEMA, CITATION, MODEL),
                  ADAPTER));
      return false;
    }
    name.ifPresent(given -> builder.reward(given, weight, functions.get(0)));
    return name.isPresent();
  }

  private static RewardFunction numericAnswer(String field, Optional<Double> tolerance) {
    return tolerance.isPresent()
        ? Rewards.numericAnswer(field, tolerance.get())
        : Rewards.numericAnswer(field);
  }

  private static Optional<RewardFunction> format(Fields fields, String regex) {
    try {
      return Optional.of(Rewards.regex(regex));
    } catch (PatternSyntaxException e) {
      fields.problem(
          REGEX,
          "expected a regular expression, found one with an error: " + e.getDescription() + ".");
      return Optional.empty();
    }
  }

  /** Builds the task; errors of single values were reported on reading. */
  private static Optional<Task> built(
      Fields fields, int rewards, Supplier<? extends Reinforcement> build) {
    if (rewards == 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(Task.reinforcement(build.get()));
    } catch (IllegalArgumentException e) {
      fields.problem(REWARDS, e.getMessage() + ".");
      return Optional.empty();
    }
  }

  /** Writes the task; empty if a reward, the objective or the environment is user code. */
  static Optional<ObjectNode> write(Reinforcement algorithm) {
    if (algorithm instanceof Grpo grpo && grpo.environment().isPresent()) {
      return Optional.empty();
    }
    if (algorithm instanceof Grpo grpo
        && !(grpo.objective() instanceof ClippedRatio)
        && ObjectiveKeys.write(grpo.objective()).isEmpty()) {
      return Optional.empty();
    }
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    ObjectNode options = keys.putObject(algorithm instanceof Grpo ? GRPO : PPO);
    ArrayNode rewards = options.putArray(REWARDS);
    for (WeightedReward reward : WeightedReward.of(algorithm)) {
      ObjectNode node = rewards.addObject().put(NAME, reward.name()).put(WEIGHT, reward.weight());
      if (reward.function() instanceof Rewards.Format format) {
        node.put(REGEX, format.regex());
      } else if (reward.function() instanceof Rewards.NumericAnswer answer) {
        node.put(NUMERIC_ANSWER, answer.field());
      } else if (reward.function() instanceof Rewards.Described described) {
        node.setAll(PlainJson.object(described.options()));
      } else if (reward.function() instanceof ModelReward own) {
        node.put(MODEL, written(own.folder()));
      } else if (reward.function() instanceof AdapterReward own && own.folder().isPresent()) {
        node.put(ADAPTER, written(own.folder().get()));
      } else {
        return Optional.empty();
      }
    }
    writeRollout(algorithm, options);
    if (algorithm instanceof Grpo grpo) {
      writeGrpo(grpo, options);
    } else {
      writePpo((Ppo) algorithm, options);
    }
    return Optional.of(keys);
  }

  private static String written(Path folder) {
    return folder.toAbsolutePath().normalize().toString();
  }

  private static void writeRollout(Reinforcement rollout, ObjectNode options) {
    options
        .put("promptsPerRollout", rollout.prompts())
        .put("groupSize", rollout.groupSize())
        .put("maxNewTokens", rollout.maxNewTokens())
        .put("temperature", rollout.temperature())
        .put("topP", rollout.topP())
        .put("topK", rollout.topK())
        .put("generationBatch", rollout.generationBatch())
        .put("passes", rollout.passes())
        .put("maskTruncated", rollout.masksTruncated());
  }

  private static void writeGrpo(Grpo grpo, ObjectNode options) {
    options
        .put("advantages", Fields.written(grpo.advantages()))
        .put("normalization", Fields.written(grpo.normalization()))
        .put(KL_COEFFICIENT, grpo.klCoefficient())
        .put("sequenceRatios", grpo.sequenceRatios());
    if (grpo.objective() instanceof ClippedRatio clipped) {
      options.put("clipLow", clipped.low()).put("clipHigh", clipped.high());
      if (Double.isFinite(clipped.ceiling())) {
        options.put(CEILING, clipped.ceiling());
      }
    }
    ObjectiveKeys.write(grpo.objective()).ifPresent(written -> options.set("objective", written));
    if (Double.isFinite(grpo.offPolicyLimit())) {
      options.put("offPolicyLimit", grpo.offPolicyLimit());
    }
    options
        .put("correctKl", grpo.correctsKl())
        .put("topEntropy", grpo.topEntropy())
        .put("entropyCoefficient", grpo.entropyCoefficient())
        .put("dynamicSampling", grpo.dynamicSampling());
    if (grpo.rolloutsAhead()) {
      options.put(ROLLOUTS_AHEAD, true);
    }
    grpo.traces().ifPresent(folder -> options.put(TRACES, written(folder)));
    grpo.replay().ifPresent(folder -> options.put(REPLAY, written(folder)));
    if (grpo.importanceCorrection().isEmpty()) {
      options.put(CORRECTION, false);
    }
    grpo.importanceCorrection()
        .ifPresent(
            correction ->
                options
                    .putObject(CORRECTION)
                    .put(FORM, Fields.written(correction.form()))
                    .put(LIMIT, correction.limit()));
  }

  private static void writePpo(Ppo ppo, ObjectNode options) {
    options
        .put("clip", ppo.clip())
        .put("valueClip", ppo.valueClip())
        .put("valueCoefficient", ppo.valueCoefficient())
        .put("discount", ppo.discount())
        .put("lambda", ppo.lambda())
        .put(KL_COEFFICIENT, ppo.klCoefficient())
        .put("klEstimator", Fields.written(ppo.klEstimator()))
        .put("whitenRewards", ppo.whitensRewards());
    if (ppo.klTarget().isPresent()) {
      options
          .put("klTarget", ppo.klTarget().getAsDouble())
          .put("klHorizon", ppo.klHorizon().orElseThrow());
    }
  }
}
