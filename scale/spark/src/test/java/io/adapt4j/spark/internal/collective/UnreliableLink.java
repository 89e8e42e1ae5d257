package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A network between workers within one process: passes connections on to a worker's port, with
 * bytes in pieces of random sizes, late, and up to some byte only. A packet that was lost and sent
 * again is a longer delay to who reads.
 */
final class UnreliableLink implements AutoCloseable {

  /** What happens once so many bytes of a connection have passed, either way. */
  enum Fault {
    /** Nothing passes any more, and nobody is told. */
    SILENCE,
    /** Both ends see the connection closed. */
    CUT,
    /** One bit is changed. */
    CHANGED_BIT
  }

  private static final int LARGEST_PIECE = 4000;
  private static final int FIRST_BYTES = 200;

  private final InetSocketAddress target;
  private final Fault fault;
  private final long faultAfter;
  private final ServerSocketChannel server;
  private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

  private UnreliableLink(InetSocketAddress target, Fault fault, long faultAfter)
      throws IOException {
    this.target = target;
    this.fault = fault;
    this.faultAfter = faultAfter;
    this.server =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    start(this::accept);
  }

  /** Delays and pieces only. */
  static UnreliableLink slow(InetSocketAddress target) throws IOException {
    return new UnreliableLink(target, Fault.SILENCE, Long.MAX_VALUE);
  }

  static UnreliableLink failing(InetSocketAddress target, Fault fault, long faultAfter)
      throws IOException {
    return new UnreliableLink(target, fault, faultAfter);
  }

  InetSocketAddress address() throws IOException {
    return (InetSocketAddress) server.getLocalAddress();
  }

  /** A step that ends when a channel is closed. */
  private interface Passing {
    void run() throws Exception;
  }

  private static void start(Passing passing) {
    Thread thread =
        new Thread(
            () -> {
              try {
                passing.run();
              } catch (Exception e) {
                // A channel was closed, here or at an end; both ends have been told.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws Exception {
    while (true) {
      SocketChannel from = server.accept();
      SocketChannel to = SocketChannel.open(target);
      open.addAll(List.of(from, to));
      AtomicLong passed = new AtomicLong();
      start(() -> pass(from, to, passed, 1));
      start(() -> pass(to, from, passed, 2));
    }
  }

  private void pass(SocketChannel from, SocketChannel to, AtomicLong passed, long seed)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer piece = ByteBuffer.allocate(LARGEST_PIECE);
    long begun = 0;
    try (from;
        to) {
      while (true) {
        int most = begun < FIRST_BYTES ? 7 : LARGEST_PIECE;
        piece.clear().limit(random.nextInt(1, most));
        if (from.read(piece) < 0) {
          return;
        }
        piece.flip();
        begun += piece.remaining();
        delay(random);
        if (passed.addAndGet(piece.remaining()) > faultAfter && !survives(piece, passed)) {
          return;
        }
        while (piece.hasRemaining()) {
          to.write(piece);
        }
      }
    }
  }

  private static void delay(SplittableRandom random) throws InterruptedException {
    int drawn = random.nextInt(400);
    if (drawn == 0) {
      Thread.sleep(40);
    } else if (drawn < 40) {
      Thread.sleep(1);
    }
  }

  /** Whether the connection goes on after its fault. */
  private boolean survives(ByteBuffer piece, AtomicLong passed) throws InterruptedException {
    switch (fault) {
      case SILENCE -> Thread.sleep(Long.MAX_VALUE);
      case CUT -> {
        return false;
      }
      case CHANGED_BIT -> {
        piece.put(0, (byte) (piece.get(0) ^ 4));
        passed.set(Long.MIN_VALUE);
      }
    }
    return true;
  }

  @Override
  public void close() {
    try {
      server.close();
      for (SocketChannel channel : open) {
        channel.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
