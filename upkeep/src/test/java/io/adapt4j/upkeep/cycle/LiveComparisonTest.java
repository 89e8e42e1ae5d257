package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.upkeep.cycle.LiveComparison.Verdict;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Error rates of a comparison that is looked at after every score. */
class LiveComparisonTest {

  private static final double LEVEL = 0.05;

  /** Returns the verdict over ratings of 0 or 1. */
  private static Verdict verdict(SplittableRandom random, double production, double challenger) {
    LiveComparison comparison = new LiveComparison(LEVEL, 50);
    for (int i = 0; i < 4000 && comparison.verdict() == Verdict.OPEN; i++) {
      boolean ofChallenger = random.nextDouble() < 0.2;
      double share = ofChallenger ? challenger : production;
      comparison.add(ofChallenger, random.nextDouble() < share ? 1 : 0);
    }
    return comparison.verdict();
  }

  private static long count(Verdict verdict, double production, double challenger) {
    SplittableRandom random = new SplittableRandom(11);
    long count = 0;
    for (int run = 0; run < 2000; run++) {
      count += verdict(random, production, challenger) == verdict ? 1 : 0;
    }
    return count;
  }

  @Test
  void equalVersionsRarelyGetAVerdict() {
    long verdicts = count(Verdict.BETTER, 0.7, 0.7) + count(Verdict.WORSE, 0.7, 0.7);

    // 5 % of 2,000, and three standard errors.
    assertThat(verdicts).isBetween(10L, 130L);
  }

  @Test
  void fewScoresThatHappenToBeTheSameProveNothing() {
    SplittableRandom random = new SplittableRandom(12);
    int verdicts = 0;
    for (int run = 0; run < 2000; run++) {
      LiveComparison comparison = new LiveComparison(LEVEL, 30);
      for (int i = 0; i < 1000; i++) {
        comparison.add(false, random.nextDouble() < 0.05 ? 0 : 1);
      }
      for (int i = 0; i < 30; i++) {
        // No failure among 30 is likely even at the same rate: 0.95^30 = 0.21.
        comparison.add(true, random.nextDouble() < 0.05 ? 0 : 1);
      }
      verdicts += comparison.verdict() == Verdict.OPEN ? 0 : 1;
    }

    // The first look's half of the level, and three standard errors.
    assertThat(verdicts).isLessThan(71);
  }

  @Test
  void aWorseChallengerIsFound() {
    assertThat(count(Verdict.WORSE, 0.7, 0.5)).isGreaterThan(1980);
    assertThat(count(Verdict.BETTER, 0.7, 0.5)).isZero();
  }

  @Test
  void theFirstVerdictStays() {
    LiveComparison comparison = new LiveComparison(LEVEL, 30);
    for (int i = 0; i < 30; i++) {
      comparison.add(false, i % 2);
      comparison.add(true, 0);
    }
    assertThat(comparison.verdict()).isEqualTo(Verdict.WORSE);
    for (int i = 0; i < 1000; i++) {
      comparison.add(true, 1);
    }

    assertThat(comparison.text())
        .isEqualTo("production 0.5000 (30 scores), challenger 0.9709 (1030 scores): worse");
  }

  @Test
  void scoresWithoutVarianceAreCompared() {
    LiveComparison comparison = new LiveComparison(LEVEL, 30);
    for (int i = 0; i < 30; i++) {
      comparison.add(false, 1);
      comparison.add(true, 0);
    }
    assertThat(comparison.verdict()).isEqualTo(Verdict.WORSE);
  }

  @Test
  void wrongValuesAreNamed() {
    assertThatThrownBy(() -> new LiveComparison(0, 30)).hasMessageContaining("level, first");
    assertThatThrownBy(() -> new LiveComparison(LEVEL, 30).add(true, Double.NaN))
        .hasMessageContaining("score: expected a finite number");
  }
}
