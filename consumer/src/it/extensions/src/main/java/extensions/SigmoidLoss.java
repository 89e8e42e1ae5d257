package extensions;

import io.adapt4j.core.train.spi.PairwiseLoss;

/** Direct preference optimization (Rafailov et al. 2023, equation 7). */
public record SigmoidLoss(double beta) implements PairwiseLoss {

  @Override
  public String name() {
    return "sigmoid loss";
  }

  @Override
  public String options() {
    return "beta=" + beta;
  }

  @Override
  public boolean usesReference() {
    return true;
  }

  @Override
  public Term term(Pair pair) {
    double chosen = pair.chosen() - pair.referenceChosen();
    double rejected = pair.rejected() - pair.referenceRejected();
    double margin = beta * (chosen - rejected);
    double derivative = -beta / (1 + Math.exp(margin));
    return new Term(Math.log1p(Math.exp(-margin)), derivative, -derivative);
  }
}
