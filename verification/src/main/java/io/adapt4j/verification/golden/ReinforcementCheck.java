package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.TokenLogProbs;
import io.adapt4j.core.internal.task.rl.ClippedObjective;
import io.adapt4j.core.internal.task.rl.GroupAdvantages;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.lora.Lora;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Compares advantages, log-probabilities, losses and gradients of GRPO with the expected ones. */
final class ReinforcementCheck {

  static final String TENSORS = "grpo.safetensors";

  /** Options of unsupported features, with the values that disable them. */
  private static final Map<String, Predicate<JsonNode>> OFF =
      Map.of(
          "delta", JsonNode::isNull,
          "top_entropy_quantile", value -> value.asDouble() == 1,
          "uses_importance_sampling_ratio", value -> !value.asBoolean(),
          "temperature", value -> value.asDouble() == 1);

  private static final double LOG_PROBS = 1e-3;
  private static final double LOSS = 1e-4;
  private static final String GRADIENT = "grad_";

  private final GoldenFolder golden;
  private final int[] lengths;
  private final int most;
  private final Batch inputs;

  private ReinforcementCheck(GoldenFolder golden) {
    this.golden = golden;
    this.most = golden.dimension("completion_ids", 1);
    this.lengths = lengths(golden.longs("completion_mask"), most);
    this.inputs = inputs();
  }

  /** Checks a folder's reinforcement learning: GRPO here, then PPO and the reward model. */
  static void run(Path folder, Report.Section section) {
    if (!Files.exists(folder.resolve(TENSORS))) {
      return;
    }
    JsonNode json = GoldenFolder.json(folder, GoldenFolder.JSON);
    policy(folder, json, section);
    section.attempt("ppo", () -> PpoCheck.run(folder, json.path("ppo"), section));
    section.attempt("reward", () -> RewardCheck.run(folder, json.path("reward"), section));
  }

  /** Checks GRPO alone. */
  static void policy(Path folder, JsonNode json, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(folder, json, TENSORS, section)) {
      ReinforcementCheck check = new ReinforcementCheck(golden);
      section.attempt("grpo advantages", check::advantages);
      section.attempt("grpo losses", check::policy);
    }
  }

  private void advantages() {
    Map<String, AdvantageEstimator> scalings =
        Map.of(
            "group", AdvantageEstimator.GROUP_SCALED,
            "batch", AdvantageEstimator.BATCH_SCALED,
            "none", AdvantageEstimator.CENTERED);
    int group = golden.json().path("grpo").path("num_generations").asInt();
    for (String tensor : golden.names("advantages.")) {
      String[] parts = tensor.split("\\.", 3);
      double[] found =
          GroupAdvantages.of(scalings.get(parts[2]), doubles(golden.floats(parts[1])), group);
      golden.compared("grpo " + tensor, Deviation.of(floats(found), golden.floats(tensor), LOSS));
    }
  }

  private void policy() {
    String[] names = golden.json().path("policy").asText().split(" with ", 2);
    Path base = Bases.find(golden.path(), names[0]);
    Networks.requireSupported(base);
    try (Decoder decoder = (Decoder) Networks.load(base, DType.F32);
        Adaptation adaptation =
            Methods.of(Lora.continuing(Bases.find(golden.path(), names[1])))
                .attach(decoder, base, 0)) {
      Supplier<float[]> score = () -> TokenLogProbs.evaluate(decoder, inputs);
      logProbs("per_token_logps", score.get());
      boolean given = !golden.json().has("reference");
      float[] reference =
          given ? real(golden.floats("ref_per_token_logps")) : adaptation.withoutAdapter(score);
      if (!given) {
        logProbs("ref_per_token_logps", reference);
      }
      golden
          .section()
          .each(
              "grpo ",
              golden.json().at("/grpo/losses"),
              (name, options) -> loss(name, options, decoder, adaptation, reference));
    }
  }

  private void logProbs(String tensor, float[] found) {
    golden.compared("grpo " + tensor, Deviation.of(found, real(golden.floats(tensor)), LOG_PROBS));
  }

  private void loss(
      String name, JsonNode options, Decoder decoder, Adaptation adaptation, float[] reference) {
    requireSupported(options);
    LossNormalization normalization =
        LossNormalization.valueOf(options.path("loss_type").asText().toUpperCase(Locale.ROOT));
    ClippedObjective objective =
        new ClippedObjective(
            options.path("epsilon_low").asDouble(),
            options.path("epsilon_high").asDouble(),
            options.path("beta").asDouble(),
            options.path("importance_sampling_level").asText().equals("sequence"));
    float[] old =
        options.path("uses_old_per_token_logps").asBoolean(true)
            ? real(golden.floats("old_per_token_logps"))
            : new float[0];
    double divisor = divisor(normalization, options);
    double[] loss = new double[1];
    adaptation
        .trained()
        .forEach(parameter -> parameter.gradient().copyFrom(parameter.gradient().scaled(0)));
    TokenLogProbs.forwardBackward(
        decoder,
        inputs,
        1 / divisor,
        false,
        0,
        logProbs -> {
          ClippedObjective.Outcome outcome =
              objective.of(
                  new ClippedObjective.Tokens(
                      lengths,
                      normalization.weights(lengths),
                      logProbs,
                      old,
                      reference,
                      advantagesOfTokens()));
          loss[0] = outcome.loss() / divisor;
          return outcome.derivative();
        });
    golden.compared("grpo " + name, Deviation.of(loss[0], options.path("loss").asDouble(), LOSS));
    gradients(name, options, Networks.gradients(decoder, adaptation.trained()));
  }

  private static void requireSupported(JsonNode options) {
    OFF.forEach(
        (field, off) -> {
          if (options.has(field) && !off.test(options.path(field))) {
            throw new UnsupportedQuantityException(
                "GRPO with " + field + " " + options.path(field).asText());
          }
        });
    String type = options.path("loss_type").asText();
    if (Arrays.stream(LossNormalization.values())
        .noneMatch(lossNormalization -> lossNormalization.name().equalsIgnoreCase(type))) {
      throw new UnsupportedQuantityException("GRPO loss_type " + type);
    }
  }

  /** A micro-batch is a part of a step: of its tokens for DAPO, of its micro-batches otherwise. */
  private double divisor(LossNormalization normalization, JsonNode options) {
    return normalization == LossNormalization.DAPO && options.hasNonNull("num_items_in_batch")
        ? options.path("num_items_in_batch").asDouble()
        : normalization.divisor(lengths, options.path("max_completion_length").asInt(most))
            * options.path("current_gradient_accumulation_steps").asInt(1);
  }

  private void gradients(String name, JsonNode options, Map<String, float[]> found) {
    golden.compared(
        "grpo " + name + " grad_norm",
        Deviation.of(
            Gradients.norm(found.values()), options.path("grad_norm").asDouble(), 1e-3, 1e-3));
    Gradients.compare(golden, GRADIENT + name + ".", found, "grpo %s");
  }

  private Batch inputs() {
    long[] promptIds = golden.longs("prompt_ids");
    long[] promptMask = golden.longs("prompt_mask");
    long[] completionIds = golden.longs("completion_ids");
    int before = promptIds.length / lengths.length;
    int length = before + most;
    long[] ids = new long[lengths.length * length];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    Arrays.fill(labels, TargetRows.IGNORED);
    for (int row = 0; row < lengths.length; row++) {
      System.arraycopy(promptIds, row * before, ids, row * length, before);
      System.arraycopy(promptMask, row * before, mask, row * length, before);
      int start = row * length + before;
      System.arraycopy(completionIds, row * most, ids, start, most);
      System.arraycopy(completionIds, row * most, labels, start, lengths[row]);
      Arrays.fill(mask, start, start + lengths[row], 1);
    }
    return new Batch(ids, mask, labels, lengths.length, length);
  }

  private float[] advantagesOfTokens() {
    String given = "advantages";
    float[] ofRows = golden.floats(golden.has(given) ? given : "advantages.rewards.group");
    float[] all = new float[Arrays.stream(lengths).sum()];
    int at = 0;
    for (int row = 0; row < lengths.length; row++) {
      Arrays.fill(all, at, at + lengths[row], ofRows[row]);
      at += lengths[row];
    }
    return all;
  }

  /** Returns the values of non-padding tokens. */
  private float[] real(float[] padded) {
    float[] kept = new float[Arrays.stream(lengths).sum()];
    int at = 0;
    for (int row = 0; row < lengths.length; row++) {
      System.arraycopy(padded, row * most, kept, at, lengths[row]);
      at += lengths[row];
    }
    return kept;
  }

  private static int[] lengths(long[] mask, int width) {
    int[] lengths = new int[mask.length / width];
    for (int i = 0; i < mask.length; i++) {
      lengths[i / width] += (int) mask[i];
    }
    return lengths;
  }

  static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
