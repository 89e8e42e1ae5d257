package io.adapt4j.spark.internal.collective;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Workers in threads of one process that are connected by sockets. */
final class MeshOfThreads {

  static final byte[] TOKEN = "a token".getBytes(StandardCharsets.UTF_8);

  private MeshOfThreads() {}

  /** What a worker does. */
  interface Work<T> {
    T apply(Mesh workers) throws Exception;
  }

  /** Where a worker is reached that listens at an address. */
  interface Route {
    InetSocketAddress to(InetSocketAddress address) throws Exception;
  }

  /** The result of each, or what it failed of. */
  static <T> List<Future<T>> start(int count, Patience patience, boolean encrypted, Work<T> work)
      throws Exception {
    return start(count, patience, encrypted, address -> address, work);
  }

  /** The result of each, or what it failed of, where connections take another way. */
  static <T> List<Future<T>> start(
      int count, Patience patience, boolean encrypted, Route route, Work<T> work) throws Exception {
    String host = InetAddress.getLoopbackAddress().getHostAddress();
    List<ServerSocketChannel> servers = new ArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (int rank = 0; rank < count; rank++) {
      ServerSocketChannel server = Mesh.listen(host, 0);
      servers.add(server);
      addresses.add(route.to((InetSocketAddress) server.getLocalAddress()));
    }
    ExecutorService threads = Executors.newFixedThreadPool(count);
    List<Future<T>> running = new ArrayList<>();
    for (int rank = 0; rank < count; rank++) {
      int own = rank;
      running.add(
          threads.submit(
              () -> {
                try (Mesh workers =
                    Mesh.connect(own, addresses, servers.get(own), TOKEN, encrypted, patience)) {
                  return work.apply(workers);
                }
              }));
    }
    threads.shutdown();
    return running;
  }

  static <T> List<T> run(int count, Work<T> work) throws Exception {
    return run(count, false, work);
  }

  static <T> List<T> run(int count, boolean encrypted, Work<T> work) throws Exception {
    List<T> results = new ArrayList<>();
    for (Future<T> worker : start(count, Patience.of(Duration.ofSeconds(20)), encrypted, work)) {
      results.add(worker.get(60, TimeUnit.SECONDS));
    }
    return results;
  }

  static List<ByteBuffer> zeroed(List<Integer> sizes) {
    return sizes.stream().map(ByteBuffer::allocateDirect).toList();
  }
}
