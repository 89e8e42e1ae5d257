package io.adapt4j.structured.internal.automaton;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A set of numbers that is cleared often. */
class PlaceSetTest {

  @Test
  void aNumberIsNewOnceUntilTheSetIsCleared() {
    PlaceSet set = new PlaceSet();
    for (int round = 0; round < 5; round++) {
      Random random = new Random(round);
      Set<Long> expected = new HashSet<>();
      for (int i = 0; i < 3000; i++) {
        long key = random.nextInt(4) == 0 ? random.nextInt(50) : random.nextLong();
        assertThat(set.add(key)).isEqualTo(expected.add(key));
        assertThat(set.size()).isEqualTo(expected.size());
      }
      set.clear();
      assertThat(set.size()).isZero();
    }
  }
}
