package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.task.rl.GroupAdvantages;
import io.adapt4j.core.reinforce.AdvantageEstimator;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Compares advantages, log-probabilities, losses and gradients of GRPO with the expected ones. */
final class ReinforcementCheck {

  static final String TENSORS = "grpo.safetensors";

  private static final double LOSS = 1e-4;

  private ReinforcementCheck() {}

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
      section.attempt("grpo advantages", () -> advantages(golden));
      section.attempt("grpo losses", () -> PolicyModelCheck.run(golden, !json.has("reference")));
    }
  }

  private static void advantages(GoldenFolder golden) {
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
