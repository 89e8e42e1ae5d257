package io.adapt4j.verification.soak;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The part of {@link Soak} that fits into a build. */
class SoakTest {

  @Test
  void everythingAtOnceGivesTheSameResultsAndDoesNotGrow() throws Exception {
    try (Soak soak = new Soak()) {
      String done = soak.run(Integer.getInteger("adapt4j.soak.seconds", 10), Soak.PARTS);
      System.out.println(done);
      assertThat(done).doesNotContain(" 0 trainings", " 0 ingestions", " 0 evaluations");
    }
  }
}
