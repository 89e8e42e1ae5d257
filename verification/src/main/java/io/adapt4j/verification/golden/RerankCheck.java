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
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks rerankers: a language model's choice between two tokens, or a classifier's single score.
 */
record RerankCheck(GoldenFolder golden) {

  static final Kind KIND =
      Kind.ofModel(
          "rerankers",
          source -> source.kind().equals("rerank_lm") || source.kind().equals("rerank_cls"),
          golden -> {
            RerankCheck check = new RerankCheck(golden);
            if (GoldenSource.read(golden.path()).kind().equals("rerank_lm")) {
              check.languageModel();
            } else {
              check.classifier();
            }
          });

  private static final double SCORE = 1e-5;
  private static final String GRADIENT = "grad.";

  private void languageModel() {
    for (String suffix : List.of("", "_left")) {
      golden.attempt("scores" + suffix, () -> choices(suffix));
      golden.attempt("two_logits" + suffix, () -> twoLogits(suffix));
    }
    golden.attempt(
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
      golden.compared("scores" + suffix, found, SCORE);
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
      golden.compared(tensor, found, Tolerances.FP32);
    }
  }

  private void classifier() {
    for (String suffix : List.of("", "_left")) {
      if (golden.has("scores" + suffix)) {
        golden.attempt("scores" + suffix, () -> sigmoids(suffix));
      }
    }
    if (golden.has("bce_loss")) {
      golden.attempt(
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
      golden.compared("scores" + suffix, found, SCORE);
    }
  }

  private void training(Encoder encoder) {
    encoder.parameters().forEach(Parameter::train);
    Batch batch = golden.unlabeled("", "");
    double loss =
        TextLoss.forwardBackward(
                encoder,
                batch,
                new TextTargets.ManyClasses(golden.floats("labels"), Networks.ones(batch.rows())),
                1.0 / batch.rows(),
                false,
                0)
            / batch.rows();
    golden.compared("bce_loss", loss, "bce_loss");
    Map<String, float[]> gradients = Networks.gradients(encoder);
    Gradients.compare(golden, GRADIENT, gradients, "%s");
  }
}
