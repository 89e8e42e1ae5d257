package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.function.UnaryOperator;

/**
 * Checks a model whose configuration ties the output matrix although the file has a different one:
 * Transformers 4 and 5 give other logits, each for the files it wrote.
 */
final class StoredHeadCheck {

  private static final String FIVE = "logits_5_15";
  private static final String FOUR = "logits_4_57";
  private static final String ROPE = "rope_parameters";
  private static final String THETA = "rope_theta";

  static final Kind KIND =
      new Kind(
          "models",
          source -> source.hasAny(FOUR + "_vs_5_15_maxdiff"),
          (source, section) -> {
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              run(golden);
            }
          });

  private StoredHeadCheck() {}

  private static void run(GoldenFolder golden) {
    golden.attempt(FIVE, () -> compare(golden, FIVE, config -> config));
    golden.attempt(FOUR, () -> compare(golden, FOUR, StoredHeadCheck::ofFour));
  }

  private static void compare(GoldenFolder golden, String tensor, UnaryOperator<ModelConfig> as) {
    Batch batch = golden.unlabeled("", "");
    try (Network network = Networks.load(golden.path(), DType.F32, as)) {
      float[] found = Networks.logits(network, batch);
      golden.compared(tensor, found, batch, Tolerances.FP32);
    }
  }

  /** Returns the same configuration with version 4's field names. */
  private static ModelConfig ofFour(ModelConfig config) {
    return config
        .with(THETA, config.toJson().path(ROPE).path(THETA))
        .with(ROPE, NullNode.getInstance())
        .with("transformers_version", TextNode.valueOf("4.57.0"));
  }
}
