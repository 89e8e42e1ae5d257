package io.adapt4j.verification.golden;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.loss.TextLoss;
import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Checks rerankers: a language model's choice between two tokens, or a classifier's single score.
 */
final class RerankCheck {

  static final Kind KIND =
      new Kind(
          "rerankers",
          source -> source.kind().equals("rerank_lm") || source.kind().equals("rerank_cls"),
          (source, section) -> {
            Networks.requireSupported(source.path());
            try (GoldenFolder golden = GoldenFolder.open(source.path())) {
              RerankCheck check = new RerankCheck(golden, section);
              if (source.kind().equals("rerank_lm")) {
                check.languageModel();
              } else {
                check.classifier();
              }
            }
          });

  private static final double SCORE = 1e-5;
  private static final String GRADIENT = "grad.";

  private final GoldenFolder golden;
  private final Report.Section section;

  private RerankCheck(GoldenFolder golden, Report.Section section) {
    this.golden = golden;
    this.section = section;
  }

  private void languageModel() {
    for (String suffix : List.of("", "_left")) {
      section.attempt("scores" + suffix, () -> choices(suffix));
      section.attempt("two_logits" + suffix, () -> twoLogits(suffix));
    }
    section.attempt(
        "bce_loss",
        () -> {
          try (Encoder encoder =
              Networks.loadChoosing(golden.path(), tokenId("false"), tokenId("true"))) {
            training(encoder);
          }
        });
  }

  private int tokenId(String which) {
    return golden.json().path("token_id_" + which).asInt();
  }

  private void choices(String suffix) {
    List<TokenSpan> spans = new ArrayList<>();
    for (int[] prompt : GenerationCheck.prompts(golden, suffix)) {
      spans.add(new TokenSpan(prompt, new int[] {tokenId("true")}));
      spans.add(new TokenSpan(prompt, new int[] {tokenId("false")}));
    }
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(golden.path()), Precision.FP32)) {
      List<Double> logProbs = model.scoreIds(spans).stream().map(scores -> scores.sum()).toList();
      float[] found = new float[spans.size() / 2];
      for (int i = 0; i < found.length; i++) {
        found[i] = (float) (1 / (1 + Math.exp(logProbs.get(2 * i + 1) - logProbs.get(2 * i))));
      }
      section.compared(
          "scores" + suffix, Deviation.of(found, golden.floats("scores" + suffix), SCORE, 0));
    }
  }

  private void twoLogits(String suffix) {
    Batch batch = golden.unlabeled("", suffix);
    try (Network network = Networks.load(golden.path(), DType.F32)) {
      float[] all = Networks.logits(network, batch);
      int vocabulary = all.length / batch.attentionMask().length;
      float[] found = new float[2 * batch.rows()];
      for (int row = 0; row < batch.rows(); row++) {
        int last = (row + 1) * batch.length() - 1;
        while (batch.attentionMask()[last] == 0) {
          last--;
        }
        found[2 * row] = all[last * vocabulary + tokenId("false")];
        found[2 * row + 1] = all[last * vocabulary + tokenId("true")];
      }
      String tensor = "two_logits" + suffix;
      section.compared(tensor, Deviation.of(found, golden.floats(tensor), Tolerances.FP32, 0));
    }
  }

  private void classifier() {
    for (String suffix : List.of("", "_left")) {
      if (golden.has("scores" + suffix)) {
        section.attempt("scores" + suffix, () -> sigmoids(suffix));
      }
    }
    if (golden.has("bce_loss")) {
      section.attempt(
          "bce_loss",
          () -> {
            try (Encoder encoder = (Encoder) Networks.load(golden.path(), DType.F32)) {
              training(encoder);
            }
          });
    }
  }

  private void sigmoids(String suffix) {
    try (Network network = Networks.load(golden.path(), DType.F32)) {
      float[] found = Networks.logits(network, golden.unlabeled("", suffix));
      for (int i = 0; i < found.length; i++) {
        found[i] = (float) (1 / (1 + Math.exp(-found[i])));
      }
      section.compared(
          "scores" + suffix, Deviation.of(found, golden.floats("scores" + suffix), SCORE, 0));
    }
  }

  private void training(Encoder encoder) {
    encoder.parameters().forEach(Parameter::train);
    Batch batch = golden.unlabeled("", "");
    float[] weights = new float[batch.rows()];
    Arrays.fill(weights, 1);
    double loss =
        TextLoss.forwardBackward(
                encoder,
                batch,
                new TextTargets.ManyClasses(golden.floats("labels"), weights),
                1.0 / batch.rows(),
                false,
                0)
            / batch.rows();
    section.compared(
        "bce_loss", Deviation.of(loss, golden.floats("bce_loss")[0], Tolerances.FP32, 0));
    Map<String, float[]> gradients = Networks.gradients(encoder);
    Gradients.compare(
        section,
        golden.tensors(),
        GRADIENT,
        gradients,
        tensor -> tensor,
        Tolerances.FP32,
        Tolerances.RELATIVE);
  }
}
