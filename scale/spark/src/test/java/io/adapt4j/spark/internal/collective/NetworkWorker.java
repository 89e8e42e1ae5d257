package io.adapt4j.spark.internal.collective;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.zip.CRC32;

/**
 * A worker that adds up vectors with another, and prints a checksum of each sum. It says "ready"
 * and begins when it is told to, so that no wait of the test counts the start of a JVM.
 */
final class NetworkWorker {

  private NetworkWorker() {}

  /** Takes rank, both addresses, a port, milliseconds of patience, rounds and numbers a vector. */
  public static void main(String[] args) throws Exception {
    int rank = Integer.parseInt(args[0]);
    int port = Integer.parseInt(args[3]);
    List<InetSocketAddress> addresses =
        List.of(new InetSocketAddress(args[1], port), new InetSocketAddress(args[2], port));
    Patience patience = Patience.of(Duration.ofMillis(Long.parseLong(args[4])));
    // As workers of a run, who learn of each other's addresses when all of them listen.
    ServerSocketChannel server = Mesh.listen(addresses.get(rank).getHostString(), port);
    System.out.println("ready");
    if (System.in.read() < 0) {
      return;
    }
    try (Mesh group = Mesh.connect(rank, addresses, server, MeshOfThreads.TOKEN, false, patience)) {
      VectorSum sum = new VectorSum(group, Encoding.FP32, MeshOfThreads::zeroed);
      int length = Integer.parseInt(args[6]);
      ByteBuffer memory =
          ByteBuffer.allocateDirect(length * Float.BYTES).order(ByteOrder.nativeOrder());
      for (int round = 0; round < Integer.parseInt(args[5]); round++) {
        for (int i = 0; i < length; i++) {
          memory.putFloat(i * Float.BYTES, (i % 101 + rank) / (round + 3f));
        }
        Segments vector = Segments.of(List.of(memory));
        sum.add(vector, 2);
        sum.take(vector);
        CRC32 checksum = new CRC32();
        checksum.update(memory.duplicate());
        System.out.println(checksum.getValue());
      }
    } catch (CollectiveException e) {
      System.out.println("ended: " + e.getMessage());
    }
  }
}
