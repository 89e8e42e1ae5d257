package io.adapt4j.core.internal.task.embedding;

/**
 * The loss of three kinds of scores and of their sum, as in the unified fine-tuning of bge-m3 (Chen
 * et al. 2024; FlagEmbedding's {@code EncoderOnlyEmbedderM3Model}): with the sum e = dense + 0.3
 * lexical + tokens, (dense + e + 0.1 lexical + tokens) / 4 of their cross-entropies; with
 * self-distillation, the mean of this and of (dense + 0.1 lexical + tokens) / 3, the
 * cross-entropies against the softmax of e, which is detached.
 *
 * @param dense gradient of the loss with respect to the dense scores, [B, P]
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record HybridScores(double[] dense, double[] lexical, double[] tokens, double sum) {

  private static final double LEXICAL_IN_SUM = 0.3;
  private static final double LEXICAL_IN_LOSS = 0.1;

  /**
   * Computes the loss.
   *
   * @param scores the scaled dense, lexical and late-interaction scores, [B, P] each
   */
  static HybridScores of(double[][] scores, EmbeddingBatch batch, boolean distills) {
    int queries = batch.queries().rows();
    int passages = batch.passages().rows();
    double[][] gradients = new double[3][queries * passages];
    double[] inLoss = {1, LEXICAL_IN_LOSS, 1};
    double[] inSum = {1, LEXICAL_IN_SUM, 1};
    double kept = distills ? 0.5 : 1;
    double sum = 0;
    for (int query = 0; query < queries; query++) {
      double[] teacher = new double[passages];
      double[][] own = new double[3][passages];
      boolean[] excluded = new boolean[passages];
      for (int passage = 0; passage < passages; passage++) {
        int at = query * passages + passage;
        excluded[passage] = batch.excluded()[at];
        for (int kind = 0; kind < 3; kind++) {
          own[kind][passage] = scores[kind][at];
          teacher[passage] += inSum[kind] * scores[kind][at];
        }
      }
      double weight = batch.weights()[query];
      double[] wanted = new double[passages];
      wanted[query] = 1;
      double[] taught = softmax(teacher, excluded);
      double[] bySum = gradient(taught, wanted);
      sum += weight * kept / 4 * crossEntropy(teacher, wanted, excluded);
      for (int kind = 0; kind < 3; kind++) {
        double[] found = softmax(own[kind], excluded);
        double[] byWanted = gradient(found, wanted);
        double[] byTaught = gradient(found, taught);
        double share = weight * kept * inLoss[kind];
        sum += share / 4 * crossEntropy(own[kind], wanted, excluded);
        sum += distills ? share / 3 * crossEntropy(own[kind], taught, excluded) : 0;
        for (int passage = 0; passage < passages; passage++) {
          gradients[kind][query * passages + passage] =
              share / 4 * byWanted[passage]
                  + weight * kept / 4 * inSum[kind] * bySum[passage]
                  + (distills ? share / 3 * byTaught[passage] : 0);
        }
      }
    }
    return new HybridScores(gradients[0], gradients[1], gradients[2], sum);
  }

  private static double largest(double[] scores, boolean[] excluded) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.length; i++) {
      largest = excluded[i] ? largest : Math.max(largest, scores[i]);
    }
    return largest;
  }

  private static double[] softmax(double[] scores, boolean[] excluded) {
    double largest = largest(scores, excluded);
    double[] shares = new double[scores.length];
    double all = 0;
    for (int i = 0; i < scores.length; i++) {
      shares[i] = excluded[i] ? 0 : Math.exp(scores[i] - largest);
      all += shares[i];
    }
    for (int i = 0; i < scores.length; i++) {
      shares[i] /= all;
    }
    return shares;
  }

  private static double crossEntropy(double[] scores, double[] wanted, boolean[] excluded) {
    double largest = largest(scores, excluded);
    double all = 0;
    for (int i = 0; i < scores.length; i++) {
      all += excluded[i] ? 0 : Math.exp(scores[i] - largest);
    }
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      sum += wanted[i] == 0 ? 0 : wanted[i] * (Math.log(all) + largest - scores[i]);
    }
    return sum;
  }

  private static double[] gradient(double[] shares, double[] wanted) {
    double[] difference = new double[shares.length];
    for (int i = 0; i < shares.length; i++) {
      difference[i] = shares[i] - wanted[i];
    }
    return difference;
  }
}
