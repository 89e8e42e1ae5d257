package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Drafts stop where checking them costs more than they save. */
class DraftLengthTest {

  private static final long PASS = 10_000_000;

  private final DraftCost cost = new DraftCost();

  /** A pass with so many guesses takes so much longer, in hundredths. */
  private void measure(int guesses, int more) {
    for (int i = 0; i < 3; i++) {
      cost.took(0, PASS);
      cost.took(guesses, PASS + PASS / 100 * more);
    }
  }

  @Test
  void theCostIsThatOfPassesMeasuredAlone() {
    assertThat(cost.of(4)).as("nothing is measured").isZero();
    measure(4, 60);
    assertThat(cost.of(4)).isCloseTo(0.6, within(1e-9));
    assertThat(cost.of(7)).as("of the same order").isCloseTo(0.6, within(1e-9));
    assertThat(cost.of(1)).as("of shorter guesses nothing is known").isZero();
    assertThat(cost.of(16)).isCloseTo(4 * 0.6, within(1e-9));
    cost.took(4, 100 * PASS);
    assertThat(cost.of(4)).as("an outlier counts a little").isLessThan(1.4);
  }

  /** So guesses are the same from run to run, where they must be. */
  @Test
  void costsThatAreNotMeasuredStayUnknown() {
    DraftCost unmeasured = DraftCost.unmeasured();
    for (int i = 0; i < 9; i++) {
      unmeasured.took(0, PASS);
      unmeasured.took(4, 9 * PASS);
    }
    assertThat(unmeasured.of(4)).isZero();
  }

  /** Whatever is drafted, a text without right drafts loses the share and one draft. */
  @Test
  void wrongDraftsCostAFiftiethOfTheTimeOfAText() {
    for (int more : new int[] {10, 50, 200}) {
      measure(1, more);
      DraftLength length = new DraftLength(1, cost);
      double lost = 0;
      for (int pass = 1; pass <= 2_000; pass++) {
        int drafted = length.next();
        if (drafted > 0) {
          lost += cost.of(drafted);
          length.accepted(drafted, 0);
        }
        assertThat(lost).isLessThanOrEqualTo(0.02 * pass + cost.of(1));
      }
      assertThat(lost).as("it goes on trying").isGreaterThan(2 * cost.of(1));
    }
  }

  /** Two passes for one token more: not worth it, though every other draft is right. */
  @Test
  void rightDraftsThatCostMoreThanTheySaveStop() {
    measure(1, 120);
    assertThat(drafts(1)).isLessThan(100);
  }

  @Test
  void draftsThatSaveTimeGoOn() {
    measure(1, 30);
    assertThat(drafts(1)).isGreaterThan(600);
  }

  /** The number of drafts in 1,000 passes of which every other one is right. */
  private int drafts(int most) {
    DraftLength length = new DraftLength(most, cost);
    int drafts = 0;
    for (int pass = 0; pass < 1_000; pass++) {
      int drafted = length.next();
      if (drafted > 0) {
        length.accepted(drafted, drafts++ % 2);
      }
    }
    return drafts;
  }

  @Test
  void aTextBeginsWithOneTokenAfterTextsWhereDraftsLost() {
    measure(6, 200);
    new DraftLength(6, cost).accepted(6, 0);
    assertThat(new DraftLength(6, cost).next()).isEqualTo(1);
    for (int i = 0; i < 9; i++) {
      new DraftLength(6, cost).accepted(6, 6);
    }
    assertThat(new DraftLength(6, cost).next()).isEqualTo(6);
  }
}
