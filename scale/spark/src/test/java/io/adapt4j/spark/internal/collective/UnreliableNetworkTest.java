package io.adapt4j.spark.internal.collective;

import static io.adapt4j.spark.internal.collective.TestVectors.add;
import static io.adapt4j.spark.internal.collective.TestVectors.sum;
import static io.adapt4j.spark.internal.collective.TestVectors.vector;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.Uninterruptibles;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers between which bytes come late, in small pieces, changed or not at all. */
class UnreliableNetworkTest {

  private static final int LENGTH = 100_000;
  private static final Duration LONG = Duration.ofSeconds(60);
  private final List<UnreliableLink> links = new ArrayList<>();

  @AfterEach
  void close() {
    links.forEach(UnreliableLink::close);
  }

  private InetSocketAddress slow(InetSocketAddress target) throws Exception {
    links.add(UnreliableLink.slow(target));
    return links.get(links.size() - 1).address();
  }

  private MeshOfThreads.Route failing(UnreliableLink.Fault fault, long faultAfter) {
    return target -> {
      links.add(UnreliableLink.failing(target, fault, faultAfter));
      return links.get(links.size() - 1).address();
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lateBytesInSmallPiecesAreNoMatterToTheSum(boolean encrypted) throws Exception {
    float[] expected = vector(0, 0, LENGTH);
    for (int round = 0; round < 2; round++) {
      for (int worker = round == 0 ? 1 : 0; worker < 3; worker++) {
        add(expected, vector(worker, round, LENGTH));
      }
    }
    for (Future<float[]> worker :
        MeshOfThreads.start(
            3, Patience.of(LONG), encrypted, this::slow, group -> sum(group, LENGTH, 2, 3))) {
      assertThat(worker.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 300", "false, 250000", "true, 250000"})
  void bothEndsOfAConnectionThatIsCutEndAtOnce(boolean encrypted, long after) throws Exception {
    long begun = System.nanoTime();
    for (Future<float[]> worker :
        MeshOfThreads.start(
            2,
            Patience.of(LONG),
            encrypted,
            failing(UnreliableLink.Fault.CUT, after),
            group -> sum(group, LENGTH, 1, 2))) {
      assertThat(failure(worker)).isInstanceOf(CollectiveException.LostWorkerException.class);
    }
    assertThat(since(begun)).isLessThan(Duration.ofSeconds(20));
  }

  /** A worker may have all that it needs, and cannot know that the other has not. */
  @Test
  void whoHasAllWhenAConnectionIsCutEndsRightAndTheOtherEndsAtOnce() throws Exception {
    long begun = System.nanoTime();
    float[] expected = vector(0, 0, LENGTH);
    add(expected, vector(1, 0, LENGTH));
    int lost = 0;
    for (Future<float[]> worker :
        MeshOfThreads.start(
            2,
            Patience.of(LONG),
            false,
            failing(UnreliableLink.Fault.CUT, 700_000),
            group -> sum(group, LENGTH, 1, 2))) {
      try {
        assertThat(worker.get(60, TimeUnit.SECONDS)).isEqualTo(expected);
      } catch (ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(CollectiveException.LostWorkerException.class);
        lost++;
      }
    }
    assertThat(lost).isPositive();
    assertThat(since(begun)).isLessThan(Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 10, 60, 90})
  void aConnectionThatIsCutWhileWorkersIntroduceThemselvesEndsWithinPatience(long after)
      throws Exception {
    for (Future<Integer> worker :
        MeshOfThreads.start(
            2,
            Patience.of(Duration.ofSeconds(1)),
            false,
            failing(UnreliableLink.Fault.CUT, after),
            group -> group.exchange(new byte[0]).size())) {
      assertThat(failure(worker)).isInstanceOf(CollectiveException.class);
    }
  }

  @Test
  void aConnectionThatFallsSilentEndsWhenPatienceDoes() throws Exception {
    long begun = System.nanoTime();
    List<String> reasons = new ArrayList<>();
    for (Future<float[]> worker :
        MeshOfThreads.start(
            2,
            Patience.of(Duration.ofSeconds(2)),
            false,
            failing(UnreliableLink.Fault.SILENCE, 250_000),
            group -> sum(group, LENGTH, 1, 2))) {
      reasons.add(failure(worker).getMessage());
    }
    assertThat(since(begun)).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(20));
    assertThat(reasons).anyMatch(reason -> reason.startsWith("Waited 2.0 s for worker "));
  }

  /** The watch of worker 0 stands still once, as in a process that is stopped and continued. */
  @Test
  void aWorkerThatWasSuspendedItselfGivesTheOthersTheirTimeAgain() throws Exception {
    AtomicBoolean suspends = new AtomicBoolean();
    Patience patience =
        new Patience(
            Duration.ofSeconds(2),
            () -> {
              if (suspends.getAndSet(false)) {
                Uninterruptibles.sleepUninterruptibly(Duration.ofSeconds(3));
              }
              return false;
            });
    for (Future<Integer> worker :
        MeshOfThreads.start(
            2,
            patience,
            false,
            group -> {
              if (group.rank() == 0) {
                suspends.set(true);
              } else {
                Thread.sleep(4000);
              }
              return group.exchange(new byte[0]).size();
            })) {
      assertThat(worker.get(60, TimeUnit.SECONDS)).isEqualTo(2);
    }
  }

  @Test
  void aBitThatIsChangedOnTheWayIsFoundWhereBytesAreEncrypted() throws Exception {
    List<String> reasons = new ArrayList<>();
    for (Future<float[]> worker :
        MeshOfThreads.start(
            2,
            Patience.of(LONG),
            true,
            failing(UnreliableLink.Fault.CHANGED_BIT, 250_000),
            group -> sum(group, LENGTH, 1, 2))) {
      reasons.add(failure(worker) + " " + failure(worker).getCause());
    }
    assertThat(reasons).anyMatch(reason -> reason.contains("a record was changed on the way"));
  }

  private static Duration since(long begun) {
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  private static Throwable failure(Future<?> worker) throws Exception {
    try {
      worker.get(60, TimeUnit.SECONDS);
      throw new AssertionError("expected a failure");
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }
}
