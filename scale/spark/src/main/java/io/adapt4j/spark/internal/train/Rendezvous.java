package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.internal.collective.Mesh;
import io.adapt4j.spark.internal.collective.Patience;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;

/** Rendezvous of workers: opens a worker's port and finds the others. */
record Rendezvous(Introduction own, @Nullable ServerSocketChannel server) implements AutoCloseable {

  /** Opens a port at the address that this executor advertises for its blocks. */
  static Rendezvous open(WorkerOrder order) {
    String host = SparkEnv.get().blockManager().blockManagerId().host();
    try {
      ServerSocketChannel server = Mesh.listen(host, order.port());
      int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      return new Rendezvous(Introduction.at(host, port), server);
    } catch (IOException e) {
      return new Rendezvous(
          Introduction.unable(
              "no port to listen at on %s, from %s on: %s. Choose others with port(...)."
                  .formatted(host, order.port(), e.getMessage())),
          null);
    }
  }

  /**
   * Returns the introductions of all workers, by rank. Spark aborts the wait if one of them is
   * lost.
   */
  List<Introduction> meet(BarrierTaskContext context) {
    return Arrays.stream(context.allGather(own.written())).map(Introduction::read).toList();
  }

  Mesh connect(int rank, List<Introduction> all, WorkerOrder order, Patience patience) {
    if (server == null) {
      throw new IllegalStateException("a worker without a port was not refused");
    }
    byte[] token = Base64.getDecoder().decode(all.get(0).token());
    return Mesh.connect(
        rank,
        all.stream().map(Introduction::address).toList(),
        server,
        token,
        order.encrypted(),
        patience);
  }

  @Override
  public void close() {
    if (server != null) {
      Mesh.close(server);
    }
  }
}
