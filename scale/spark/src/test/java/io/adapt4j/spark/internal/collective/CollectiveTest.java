package io.adapt4j.spark.internal.collective;

import static io.adapt4j.spark.internal.collective.TestVectors.add;
import static io.adapt4j.spark.internal.collective.TestVectors.floats;
import static io.adapt4j.spark.internal.collective.TestVectors.memory;
import static io.adapt4j.spark.internal.collective.TestVectors.sum;
import static io.adapt4j.spark.internal.collective.TestVectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that tell each other something and add up vectors, over sockets. */
class CollectiveTest {

  private static final Duration SHORT = Duration.ofMillis(600);

  @ParameterizedTest
  @CsvSource({"1, 10", "2, 1", "2, 100001", "3, 2", "3, 70000", "4, 300000", "5, 12345"})
  void vectorsAddUpInTheOrderOfRanksToTheBit(int workers, int length) throws Exception {
    float[] expected = vector(0, 0, length);
    for (int worker = 1; worker < workers; worker++) {
      add(expected, vector(worker, 0, length));
    }
    for (float[] sum : MeshOfThreads.run(workers, group -> sum(group, length, 1, workers))) {
      assertThat(sum).isEqualTo(expected);
    }
  }

  @Test
  void encryptedVectorsAddUpTheSame() throws Exception {
    float[] expected = vector(0, 0, 300_000);
    add(expected, vector(1, 0, 300_000));
    add(expected, vector(2, 0, 300_000));
    for (float[] sum : MeshOfThreads.run(3, true, group -> sum(group, 300_000, 1, 3))) {
      assertThat(sum).isEqualTo(expected);
    }
  }

  @Test
  void roundsGoOnFromOneAnotherAndTheLastMayBeOfSome() throws Exception {
    float[] expected = vector(0, 0, 50_000);
    add(expected, vector(1, 0, 50_000));
    add(expected, vector(2, 0, 50_000));
    add(expected, vector(0, 1, 50_000));
    add(expected, vector(1, 1, 50_000));
    for (float[] sum : MeshOfThreads.run(3, group -> sum(group, 50_000, 2, 2))) {
      assertThat(sum).isEqualTo(expected);
    }
  }

  @Test
  void aSumBeginsAnewWhenItWasTaken() throws Exception {
    List<Boolean> same =
        MeshOfThreads.run(
            2,
            group -> {
              VectorSum sum = new VectorSum(group, Encoding.FP32, MeshOfThreads::zeroed);
              float[] first = once(sum, group);
              return Arrays.equals(first, once(sum, group));
            });
    assertThat(same).containsOnly(true);
  }

  @Test
  void numbersOf16BitsAreAlikeOnAllWorkersAndCatchUpWithWhatTheyHaveLost() throws Exception {
    int steps = 64;
    List<float[]> means =
        MeshOfThreads.run(
            3,
            group -> {
              VectorSum sum = new VectorSum(group, Encoding.BF16, MeshOfThreads::zeroed);
              float[] total = new float[1000];
              for (int i = 0; i < steps; i++) {
                add(total, once(sum, group));
              }
              return total;
            });
    float[] exact = vector(0, 0, 1000);
    add(exact, vector(1, 0, 1000));
    add(exact, vector(2, 0, 1000));
    assertThat(means.get(1)).isEqualTo(means.get(0));
    assertThat(means.get(2)).isEqualTo(means.get(0));
    for (int i = 0; i < exact.length; i++) {
      // Rounding alone would be wrong by up to 0.4 % in every step.
      assertThat(means.get(0)[i] / steps).isCloseTo(exact[i], within(2e-3f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3_000_000})
  void everyWorkerHearsWhatEachHasSaid(int length) throws Exception {
    for (List<byte[]> heard :
        MeshOfThreads.run(
            3,
            group -> {
              byte[] own = new byte[length + group.rank()];
              Arrays.fill(own, (byte) group.rank());
              return group.exchange(own);
            })) {
      for (int rank = 0; rank < 3; rank++) {
        assertThat(heard.get(rank)).hasSize(length + rank).containsOnly(filled(rank, length));
      }
    }
  }

  private static byte[] filled(int rank, int length) {
    return length + rank == 0 ? new byte[0] : new byte[] {(byte) rank};
  }

  @Test
  void whenOneFailsTheOthersFailAtOnceAndNameIt() throws Exception {
    long begun = System.nanoTime();
    List<Future<float[]>> running =
        MeshOfThreads.start(
            3,
            Patience.of(Duration.ofSeconds(30)),
            false,
            group -> {
              if (group.rank() == 1) {
                throw new IllegalStateException("out of memory");
              }
              return sum(group, 1_000_000, 1, 3);
            });
    for (int rank : List.of(0, 2)) {
      assertThat(failure(running.get(rank))).hasMessageContaining("Worker ");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void aWorkerThatStopsReadingIsGivenUp() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    List<Future<float[]>> running =
        MeshOfThreads.start(
            2,
            Patience.of(SHORT),
            false,
            group -> {
              if (group.rank() == 1) {
                end.await(20, TimeUnit.SECONDS);
              }
              return sum(group, 20_000_000, 1, 2);
            });
    assertThat(failure(running.get(0)))
        .hasMessageContaining("Waited 0.6 s for worker 1")
        .hasMessageContaining("it hangs, or the network between is down");
    end.countDown();
    assertThat(failure(running.get(1))).hasMessageContaining("Worker 0 has closed");
  }

  @Test
  void aWaitEndsWhenTheWorkerIsStopped() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    CountDownLatch joined = new CountDownLatch(2);
    CompletableFuture<Boolean> hold = new CompletableFuture<>();
    List<Future<Integer>> running =
        MeshOfThreads.start(
            2,
            new Patience(Duration.ofMinutes(5), () -> stopped.getCount() == 0),
            false,
            group -> {
              joined.countDown();
              if (group.rank() == 1) {
                hold.get(20, TimeUnit.SECONDS);
                return 0;
              }
              return group.exchange(new byte[0]).size();
            });
    joined.await(20, TimeUnit.SECONDS);
    stopped.countDown();
    assertThat(failure(running.get(0))).hasMessageContaining("Stopped while waiting for worker 1");
    hold.complete(true);
  }

  @Test
  void aWorkerThatNeverConnectsIsMissed() throws Exception {
    String host = InetAddress.getLoopbackAddress().getHostAddress();
    ServerSocketChannel server = Mesh.listen(host, 0);
    List<InetSocketAddress> addresses =
        List.of((InetSocketAddress) server.getLocalAddress(), new InetSocketAddress(host, 1));
    assertThatThrownBy(
            () ->
                Mesh.connect(0, addresses, server, MeshOfThreads.TOKEN, false, Patience.of(SHORT)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("1 of 2 workers to connect");
  }

  @Test
  void strangersAreTurnedAwayAndDoNotDisturb() throws Exception {
    String host = InetAddress.getLoopbackAddress().getHostAddress();
    ServerSocketChannel server = Mesh.listen(host, 0);
    InetSocketAddress first = (InetSocketAddress) server.getLocalAddress();
    ServerSocketChannel otherServer = Mesh.listen(host, 0);
    List<InetSocketAddress> addresses =
        List.of(first, (InetSocketAddress) otherServer.getLocalAddress());
    Patience patience = Patience.of(Duration.ofSeconds(20));
    CompletableFuture<Integer> leader =
        CompletableFuture.supplyAsync(
            () -> {
              try (Mesh mesh =
                  Mesh.connect(0, addresses, server, MeshOfThreads.TOKEN, false, patience)) {
                return mesh.exchange(new byte[0]).size();
              }
            });
    try (SocketChannel mute = SocketChannel.open(first)) {
      mute.write(
          ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".repeat(8).getBytes(StandardCharsets.UTF_8)));
      ServerSocketChannel unused = Mesh.listen(host, 0);
      assertThatThrownBy(() -> Mesh.connect(1, addresses, unused, new byte[] {1}, false, patience))
          .isInstanceOf(CollectiveException.class);
    }
    try (Mesh mesh =
        Mesh.connect(1, addresses, otherServer, MeshOfThreads.TOKEN, false, patience)) {
      assertThat(mesh.exchange(new byte[0])).hasSize(2);
    }
    assertThat(leader.get(20, TimeUnit.SECONDS)).isEqualTo(2);
  }

  @Test
  void workersThatDoDifferentThingsAreFound() throws Exception {
    List<Future<float[]>> running =
        MeshOfThreads.start(
            2,
            Patience.of(Duration.ofSeconds(10)),
            false,
            group -> {
              if (group.rank() == 1) {
                group.exchange(new byte[3]);
              }
              return sum(group, 100, 1, 2);
            });
    assertThat(reasons(running)).contains("The workers do different things");
  }

  @Test
  void vectorsOfOtherLengthsAreFound() throws Exception {
    List<Future<float[]>> running =
        MeshOfThreads.start(
            2,
            Patience.of(Duration.ofSeconds(10)),
            false,
            group -> sum(group, 100 + 10 * group.rank(), 1, 2));
    assertThat(reasons(running)).contains("train different values");
  }

  /** What either says: the first to notice closes its connections, which the other may see. */
  private static String reasons(List<? extends Future<?>> workers) throws Exception {
    StringBuilder reasons = new StringBuilder();
    for (Future<?> worker : workers) {
      reasons.append(failure(worker).getMessage()).append('\n');
    }
    return reasons.toString();
  }

  private static Throwable failure(Future<?> worker) throws Exception {
    try {
      worker.get(30, TimeUnit.SECONDS);
      throw new AssertionError("expected a failure");
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  private static float[] once(VectorSum sum, Mesh group) {
    ByteBuffer memory = memory(vector(group.rank(), 0, 1000));
    Segments segments = Segments.of(List.of(memory));
    sum.add(segments, group.size());
    sum.take(segments);
    return floats(memory);
  }
}
