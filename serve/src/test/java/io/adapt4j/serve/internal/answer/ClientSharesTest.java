package io.adapt4j.serve.internal.answer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Who gets places for answers when there are few. */
class ClientSharesTest {

  private final ClientShares places = new ClientShares(4);

  private void fill(String client, int count) {
    assertThat(places.take(client, count, 0)).isTrue();
  }

  @Test
  void oneClientMayTakeAllPlaces() {
    fill("a", 4);
    assertThat(places.used()).isEqualTo(4);
    assertThat(places.take("a", 1, 0)).isFalse();
    places.release("a");
    assertThat(places.take("a", 1, 0)).isTrue();
  }

  @Test
  void aPlaceThatBecomesFreeIsKeptForWhoWasRefusedWithLess() {
    fill("a", 4);
    assertThat(places.take("b", 1, 0)).isFalse();
    places.expect("b", 1, 100);
    places.release("a");
    assertThat(places.take("a", 1, 50)).isFalse();
    assertThat(places.take("b", 1, 50)).isTrue();
    places.release("a");
    assertThat(places.take("a", 1, 50)).isTrue();
  }

  @Test
  void itIsKeptOnlyUntilTheClientIsExpected() {
    fill("a", 4);
    places.expect("b", 1, 100);
    places.release("a");
    assertThat(places.take("a", 1, 101)).isTrue();
  }

  @Test
  void whoHasItsShareIsNotWaitedFor() {
    fill("a", 2);
    fill("b", 2);
    places.expect("b", 1, 100);
    places.release("a");
    assertThat(places.take("a", 1, 50)).isTrue();
  }

  @Test
  void nobodyWaitsForeverBesideOneWhoTakesEachPlaceAtOnce() {
    fill("greedy", 4);
    int answered = 0;
    for (int time = 0; time < 100; time++) {
      places.release("greedy");
      places.take("greedy", 1, time);
      if (places.take("other", 1, time)) {
        answered++;
        places.release("other");
      } else {
        places.expect("other", 1, time + 3);
      }
    }
    assertThat(answered).isGreaterThan(30);
  }
}
