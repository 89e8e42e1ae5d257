package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Checks scores of a decoder whose padding token is its EOS token: which position is pooled. */
final class PooledScoreCheck {

  static final Kind KIND =
      new Kind(
          "pooled scores",
          source -> source.kind().equals("reward_pad_is_eos"),
          (source, section) -> {
            Networks.requireSupported(source.path());
            try (GoldenFolder golden = GoldenFolder.open(source.path());
                Network network = Networks.load(source.path(), DType.F32)) {
              section.attempt("scores", () -> batch(golden, network, section, ""));
              section.attempt("scores_left", () -> batch(golden, network, section, "_left"));
              section.attempt("scores_alone", () -> alone(golden, network, section));
            }
          });

  private PooledScoreCheck() {}

  private static void batch(
      GoldenFolder golden, Network network, Report.Section section, String suffix) {
    String tensor = "scores" + suffix;
    if (golden.has(tensor)) {
      float[] found = Networks.logits(network, golden.unlabeled("", suffix));
      section.compared(tensor, Deviation.of(found, golden.floats(tensor), Tolerances.FP32, 0));
    }
  }

  private static void alone(GoldenFolder golden, Network network, Report.Section section) {
    Batch batch = golden.unlabeled("", "");
    float[] found = new float[batch.rows()];
    for (int row = 0; row < found.length; row++) {
      int from = row * batch.length();
      long[] ids =
          IntStream.range(from, from + batch.length())
              .filter(i -> batch.attentionMask()[i] == 1)
              .mapToLong(i -> batch.ids()[i])
              .toArray();
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      Batch encoderInputs = new Batch(ids, mask, new long[ids.length], new long[0], 1, ids.length);
      found[row] = Networks.logits(network, encoderInputs)[0];
    }
    section.compared(
        "scores_alone", Deviation.of(found, golden.floats("scores_alone"), Tolerances.FP32, 0));
  }
}
