package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.List;

/** Checks scores of a decoder whose padding token is its EOS token: which position is pooled. */
final class PooledScoreCheck {

  static final Kind KIND =
      Kind.ofModel(
          "pooled scores",
          source -> source.kind().equals("reward_pad_is_eos"),
          golden -> {
            try (Network network = Networks.load(golden.path(), DType.F32)) {
              golden.attempt("scores", () -> batch(golden, network, ""));
              golden.attempt("scores_left", () -> batch(golden, network, "_left"));
              golden.attempt("scores_alone", () -> alone(golden, network));
            }
          });

  private PooledScoreCheck() {}

  private static void batch(GoldenFolder golden, Network network, String suffix) {
    String tensor = "scores" + suffix;
    if (golden.has(tensor)) {
      float[] found = Networks.logits(network, golden.unlabeled("", suffix));
      golden.compared(tensor, found, Tolerances.FP32);
    }
  }

  private static void alone(GoldenFolder golden, Network network) {
    List<int[]> rows = golden.unpadded("input_ids", "attention_mask");
    float[] found = new float[rows.size()];
    for (int row = 0; row < found.length; row++) {
      found[row] = Networks.logits(network, rows.get(row))[0];
    }
    golden.compared("scores_alone", found, Tolerances.FP32);
  }
}
