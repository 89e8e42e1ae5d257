package io.adapt4j.core.reinforce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.train.spi.PolicyObjective;
import io.adapt4j.core.train.spi.PolicyObjective.Clipping;
import io.adapt4j.core.train.spi.PolicyObjective.Token;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyObjectiveTest {

  private static final double STEP = 1e-6;

  static List<PolicyObjective> objectives() {
    return List.of(
        new ClippedRatio(0.2, 0.3),
        new ClippedRatio(0.2, 0.3, 1.25),
        new Cispo(1.3),
        new Sapo(1, 1.05),
        new Vespo());
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void derivativesAreThoseOfDifferences(PolicyObjective objective) {
    for (double logRatio : new double[] {-1, -0.1, 0.01, 0.24, 0.5, 1.5}) {
      for (double advantage : new double[] {-1.5, 0, 2}) {
        PolicyObjective.Term term = objective.term(token(-2, logRatio, advantage));
        double more = objective.term(token(-2, logRatio + STEP, advantage)).loss();
        double less = objective.term(token(-2, logRatio - STEP, advantage)).loss();
        // CISPO's ratio is a constant factor, whose difference is not a derivative.
        if (term.byLogProb() == 0 && !(objective instanceof Cispo)) {
          assertThat(term.byLogRatio()).isCloseTo((more - less) / (2 * STEP), within(1e-6));
        }
        double up = objective.term(token(-2 + STEP, logRatio, advantage)).loss();
        assertThat(term.byLogProb()).isCloseTo((up - term.loss()) / STEP, within(1e-6));
      }
    }
  }

  @Test
  void aCeilingHoldsBackTokensOfBadCompletions() {
    Token drifted = token(-1, 3, -1);
    assertThat(new ClippedRatio(0.2, 0.2).term(drifted).loss()).isEqualTo(Math.exp(3));
    PolicyObjective.Term found = new ClippedRatio(0.2, 0.2, 4).term(drifted);
    assertThat(found.loss()).isEqualTo(4);
    assertThat(found.byLogRatio()).isZero();
  }

  @Test
  void cispoKeepsTheGradientOfEveryToken() {
    PolicyObjective.Term found = new Cispo(2).term(token(-1, 5, 3));
    assertThat(found).isEqualTo(new PolicyObjective.Term(6, 0, -6, Clipping.HIGH));
  }

  @Test
  void onPolicyAllHaveTheGradientOfThePolicy() {
    for (PolicyObjective objective : objectives()) {
      PolicyObjective.Term found = objective.term(token(-1, 0, 2));
      assertThat(found.byLogRatio() + found.byLogProb())
          .as(objective.toString())
          .isCloseTo(-2, within(1e-12));
    }
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ClippedRatio(0.2, 0.2, 0.9));
    assertThatIllegalArgumentException().isThrownBy(() -> new Cispo(0));
    assertThatIllegalArgumentException().isThrownBy(() -> new Sapo(1, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Vespo(-1, 0, 0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Grpo.builder()
                    .reward("a", Rewards.regex("a"))
                    .temperature(0.7)
                    .importanceCorrection(
                        new ImportanceCorrection(ImportanceCorrection.Form.TOKEN_MASKED, 2))
                    .build())
        .withMessage("temperature with importanceCorrection must be 1, found 0.7");
  }

  @Test
  void importanceWeightsAreTruncatedOrMasked() {
    double[] logRatios = {Math.log(3), Math.log(0.5)};
    assertThat(weights(ImportanceCorrection.Form.TOKEN_TRUNCATED, logRatios)).contains(2, 0.5);
    assertThat(weights(ImportanceCorrection.Form.TOKEN_MASKED, logRatios)).contains(0, 0.5);
    assertThat(weights(ImportanceCorrection.Form.SEQUENCE_TRUNCATED, logRatios))
        .contains(new double[] {1.5, 1.5}, within(1e-12));
    assertThat(weights(ImportanceCorrection.Form.SEQUENCE_MASKED, new double[] {1, 0}))
        .contains(0, 0);
  }

  private static double[] weights(ImportanceCorrection.Form form, double[] logRatios) {
    return new ImportanceCorrection(form, 2).weights(logRatios);
  }

  private static Token token(double logProb, double logRatio, double advantage) {
    return new Token(logProb, logRatio, logRatio, advantage);
  }
}
