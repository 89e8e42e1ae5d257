package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.Scheduling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** In which order waiting requests start. */
class StartOrderTest {

  private static final Scheduling PLAIN = Scheduling.defaults();

  private final RequestQueue queue = new RequestQueue();
  private int added;

  private Request add(Scheduling scheduling) {
    Request request = request(scheduling);
    queue.add(request);
    return request;
  }

  private Request request(Scheduling scheduling) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder().scheduling(scheduling).build();
    return new Request(
        new int[] {added++}, options, RequestScheduler.SILENT, new CancellationToken());
  }

  private Request start() {
    Request next = queue.first(request -> true).orElseThrow();
    queue.started(next);
    return next;
  }

  private static String client(Request request) {
    return request.options().scheduling().client();
  }

  @Test
  void withoutClientsAndPrioritiesTheOrderIsThatOfArrival() {
    List<Request> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(add(PLAIN));
    }
    for (Request request : all) {
      assertThat(start()).isSameAs(request);
    }
  }

  @Test
  void lowerNumbersStartFirst() {
    Request last = add(PLAIN.withPriority(5));
    Request middle = add(PLAIN);
    Request first = add(PLAIN.withPriority(-1));
    assertThat(List.of(start(), start(), start())).containsExactly(first, middle, last);
  }

  @Test
  void clientsTakeTurnsHoweverManyRequestsOneHas() {
    for (int i = 0; i < 50; i++) {
      add(PLAIN.withClient("many", 1));
    }
    add(PLAIN.withClient("few", 1));
    add(PLAIN.withClient("few", 1));
    List<String> starts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      starts.add(client(start()));
    }
    assertThat(starts).containsExactly("many", "few", "many", "few");
  }

  @Test
  void aClientThatComesLaterHasNoTurnsSavedUp() {
    for (int i = 0; i < 40; i++) {
      add(PLAIN.withClient("old", 1));
    }
    for (int i = 0; i < 16; i++) {
      start();
    }
    for (int i = 0; i < 20; i++) {
      add(PLAIN.withClient("new", 1));
    }
    int ofNew = 0;
    for (int i = 0; i < 16; i++) {
      ofNew += client(start()).equals("new") ? 1 : 0;
    }
    assertThat(ofNew).isBetween(6, 9);
  }

  @Test
  void turnsAreByWeight() {
    for (int i = 0; i < 400; i++) {
      add(PLAIN.withClient("heavy", 3));
      add(PLAIN.withClient("light", 1));
    }
    Map<String, Integer> starts = new HashMap<>();
    for (int i = 0; i < 240; i++) {
      starts.merge(client(start()), 1, Integer::sum);
    }
    // A quarter of the starts, and the eighth that are of the oldest, whoever it is.
    assertThat(starts.get("light")).isBetween(60 - 30, 60 + 30);
  }

  /** Each start of the oldest brings a request one place forward, at least. */
  @Test
  void noneWaitsForeverBehindHigherPrioritiesAndManyClients() {
    SplittableRandom random = new SplittableRandom(1);
    Request unwanted = add(PLAIN.withPriority(1_000).withClient("unwanted", 1));
    List<Request> before = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      before.add(add(PLAIN.withPriority(-10).withClient("early" + i, 1)));
    }
    Request behind = add(PLAIN.withPriority(1_000).withClient("behind", 1));
    List<Request> started = new ArrayList<>();
    for (int i = 0; i < 7 * StartOrder.OLDEST; i++) {
      add(PLAIN.withPriority(random.nextInt(10)).withClient("new" + i, 1));
      started.add(start());
    }
    assertThat(started).containsAll(before).contains(unwanted, behind);
    assertThat(started.indexOf(unwanted)).isLessThan(StartOrder.OLDEST);
  }

  @Test
  void whoIsAheadIsCountedByPriorityAndTurns() {
    add(PLAIN.withPriority(-1));
    for (int i = 0; i < 10; i++) {
      add(PLAIN.withClient("many", 1));
    }
    add(PLAIN.withPriority(1));
    assertThat(queue.ahead(request(PLAIN.withClient("few", 1)))).isEqualTo(2);
    assertThat(queue.ahead(request(PLAIN.withClient("many", 1)))).isEqualTo(11);
    assertThat(queue.ahead(request(PLAIN.withPriority(-2)))).isZero();
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    assertThatThrownBy(() -> PLAIN.withClient("a", 0))
        .hasMessage("weight: expected at least 1, found 0");
    assertThatThrownBy(() -> PLAIN.withStartWithin(Duration.ofSeconds(-1)))
        .hasMessageContaining("startWithin: expected a time of at least 0");
  }
}
