package io.adapt4j.structured.internal.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How budgets are counted. */
class BudgetTest {

  private static final long LONG = Long.MAX_VALUE;

  private static void within(long steps, long states, Runnable work) {
    Budget.within(
        steps,
        states,
        7,
        LONG,
        () -> false,
        () -> {
          work.run();
          return 0;
        });
  }

  @Test
  void statesAreCountedToTheLast() {
    within(
        LONG,
        100,
        () -> {
          Budget.current().states(60);
          assertThatCode(() -> Budget.current().states(40)).doesNotThrowAnyException();
          assertThatExceptionOfType(TooLargeException.class)
              .isThrownBy(() -> Budget.current().states(1))
              .withMessageStartingWith("more than 100 states are needed");
        });
  }

  @Test
  void statesAreStepsToo() {
    within(
        20_000,
        LONG,
        () ->
            assertThatExceptionOfType(TooLargeException.class)
                .isThrownBy(() -> Budget.current().states(20_001))
                .withMessageStartingWith("more than 20000 steps are needed"));
  }

  @Test
  void exactlyAllStepsCanBeTaken() {
    within(20_000, LONG, () -> Budget.current().step(20_000));
  }

  @Test
  void timeIsMeasuredFromTheBeginningOfTheWork() {
    long minute = 60_000_000_000L;
    Budget.within(
        LONG,
        LONG,
        7,
        minute,
        () -> false,
        () -> {
          Budget.current().step(1_000_000);
          return 0;
        });
    assertThatExceptionOfType(TooLargeException.class)
        .isThrownBy(
            () ->
                Budget.within(
                    LONG,
                    LONG,
                    7,
                    -1,
                    () -> false,
                    () -> {
                      Budget.current().step(1_000_000);
                      return 0;
                    }))
        .withMessageContaining("ms are needed");
  }

  @Test
  void whatIsTakenWithinIsTakenFromTheBudgetsAround() {
    within(
        100_000,
        100,
        () -> {
          for (int i = 0; i < 2; i++) {
            within(LONG, LONG, () -> within(LONG, LONG, () -> Budget.current().states(40)));
          }
          assertThatExceptionOfType(TooLargeException.class)
              .isThrownBy(() -> within(LONG, LONG, () -> Budget.current().states(21)));
          assertThatExceptionOfType(TooLargeException.class)
              .isThrownBy(() -> within(LONG, LONG, () -> Budget.current().step(100_000)));
        });
  }

  @Test
  void theSmallerNumberOfCharactersHolds() {
    within(
        LONG,
        LONG,
        () ->
            Budget.within(
                1,
                1,
                1_000,
                LONG,
                () -> false,
                () -> {
                  assertThat(Budget.current().characters()).isEqualTo(7);
                  return 0;
                }));
    within(LONG, LONG, () -> assertThat(Budget.current().characters()).isEqualTo(7));
  }

  @Test
  void cancellationIsAskedForNowAndThen() {
    AtomicInteger asked = new AtomicInteger();
    Budget.within(
        LONG,
        LONG,
        7,
        LONG,
        () -> asked.incrementAndGet() < 0,
        () -> {
          for (int i = 0; i < 1_000_000; i++) {
            Budget.current().step(1);
          }
          return 0;
        });
    assertThat(asked.get()).isBetween(50, 1000);
  }

  @Test
  void aThreadHasABudgetAsLongAsItsWorkTakes() {
    assertThat(Budget.isSet()).isFalse();
    within(1, 1, () -> assertThat(Budget.isSet()).isTrue());
    assertThat(Budget.isSet()).isFalse();
    assertThatCode(() -> Budget.current().states(1_000_000)).doesNotThrowAnyException();
  }
}
