package io.adapt4j.spark.internal.collective;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Sums 20 MB of two processes, in turns with copies of as many bytes through a plain blocking
 * socket: in one direction, and in both at once, which is what a sum sends (10 MB of each worker's
 * vector and 10 MB of sums, either way). Other programs on the same processors change all of them,
 * and not alike: {@code chrt -r 1} before the command keeps those out.
 */
final class ReduceBenchmark {

  private static final int BYTES = 20_000_000;
  private static final int WARMUP = 20;
  private static final int ROUNDS = 60;
  private static final InetAddress HOST = InetAddress.getLoopbackAddress();

  private ReduceBenchmark() {}

  public static void main(String[] args) throws Exception {
    boolean leads = args.length == 0;
    ServerSocketChannel server = Mesh.listen(HOST.getHostAddress(), 0);
    ServerSocketChannel plain = ServerSocketChannel.open().bind(new InetSocketAddress(HOST, 0));
    if (leads) {
      Process other =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ReduceBenchmark.class.getName(),
                  String.valueOf(port(server)),
                  String.valueOf(port(plain)))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader said =
          new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8));
      measure(0, server, Integer.parseInt(said.readLine()), plain.accept());
      other.waitFor();
    } else {
      System.out.println(port(server));
      SocketChannel copies =
          SocketChannel.open(new InetSocketAddress(HOST, Integer.parseInt(args[1])));
      measure(1, server, Integer.parseInt(args[0]), copies);
    }
  }

  private static int port(ServerSocketChannel server) throws Exception {
    return ((InetSocketAddress) server.getLocalAddress()).getPort();
  }

  private interface Round {
    void run() throws Exception;
  }

  private static void measure(
      int rank, ServerSocketChannel server, int otherPort, SocketChannel copies) throws Exception {
    InetSocketAddress own = new InetSocketAddress(HOST, port(server));
    InetSocketAddress other = new InetSocketAddress(HOST, otherPort);
    List<InetSocketAddress> addresses = rank == 0 ? List.of(own, other) : List.of(other, own);
    byte[] token = {1};
    try (Mesh group =
        Mesh.connect(rank, addresses, server, token, false, Patience.of(Duration.ofMinutes(1)))) {
      ByteBuffer memory = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
      ByteBuffer target = ByteBuffer.allocateDirect(BYTES);
      Segments vector = Segments.of(List.of(memory));
      VectorSum exact = new VectorSum(group, Encoding.FP32, MeshOfThreads::zeroed);
      VectorSum rounded = new VectorSum(group, Encoding.BF16, MeshOfThreads::zeroed);
      double[][] times =
          times(
              group,
              () -> copy(rank, copies, memory, target),
              () -> exchange(copies, memory, target),
              () -> sum(exact, vector),
              () -> sum(rounded, vector));
      if (rank == 0) {
        System.out.printf(
            Locale.ROOT,
            "20 MB, medians of %d turns: copied %.2f ms, in both directions at once %.2f ms; summed"
                + " in fp32 %.2f ms, in bf16 %.2f ms%n",
            ROUNDS,
            median(times[0]),
            median(times[1]),
            median(times[2]),
            median(times[3]));
        System.out.println("fp32 sum, of the rate of the copy: " + ratios(times[0], times[2]));
        System.out.println("of the copies in both directions: " + ratios(times[1], times[2]));
      }
    }
  }

  private static void copy(int rank, SocketChannel copies, ByteBuffer memory, ByteBuffer target)
      throws Exception {
    if (rank == 0) {
      write(copies, memory.duplicate().clear());
      read(copies, target.duplicate().limit(1));
    } else {
      read(copies, target.duplicate().clear());
      write(copies, target.duplicate().limit(1));
    }
  }

  private static void exchange(SocketChannel copies, ByteBuffer memory, ByteBuffer target)
      throws Exception {
    Thread writer =
        new Thread(
            () -> {
              try {
                write(copies, memory.duplicate().clear());
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    read(copies, target.duplicate().clear());
    writer.join();
  }

  private static void sum(VectorSum sum, Segments vector) {
    sum.add(vector, 2);
    sum.take(vector);
  }

  /** Milliseconds of each round, in turns. */
  private static double[][] times(Mesh group, Round... rounds) throws Exception {
    double[][] millis = new double[rounds.length][ROUNDS];
    for (int i = -WARMUP; i < ROUNDS; i++) {
      for (int which = 0; which < rounds.length; which++) {
        group.exchange(new byte[0]);
        long begun = System.nanoTime();
        rounds[which].run();
        if (i >= 0) {
          millis[which][i] = (System.nanoTime() - begun) / 1e6;
        }
      }
    }
    return millis;
  }

  private static double median(double[] values) {
    return quantile(values, 0.5);
  }

  private static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(share * (sorted.length - 1))];
  }

  private static String ratios(double[] copy, double[] sum) {
    double[] ratios = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      ratios[i] = copy[i] / sum[i];
    }
    return String.format(
        Locale.ROOT,
        "median %.2f, half of the turns %.2f to %.2f",
        median(ratios),
        quantile(ratios, 0.25),
        quantile(ratios, 0.75));
  }

  private static void write(SocketChannel channel, ByteBuffer buffer) throws Exception {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static void read(SocketChannel channel, ByteBuffer buffer) throws Exception {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IllegalStateException("closed");
      }
    }
  }
}
