package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one worker with all others. An operation sends and receives at the same time,
 * on the caller's thread; every wait ends if nothing moves for too long, if the worker is stopped,
 * or if another has closed its connections. A failure closes all connections, so that the others
 * notice at once. Not thread-safe.
 */
public final class Mesh implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Mesh.class);

  /** Time limit for a connecting peer to authenticate as a worker of this run. */
  private static final Duration INTRODUCTION = Duration.ofSeconds(10);

  private static final int MOST_AT_ONCE = 64;

  /** Number of ports tried, which limits the workers per machine. */
  private static final int PORTS_TRIED = 64;

  private final int rank;
  private final Patience patience;
  private final Wire[] wires;
  private final Selector selector;
  private long sent;

  private Mesh(int rank, Wire[] wires, Selector selector, Patience patience) {
    this.rank = rank;
    this.wires = wires;
    this.selector = selector;
    this.patience = patience;
  }

  /**
   * Opens a port for the other workers.
   *
   * @param firstPort the first of the ports to try; 0 for any that is free
   */
  public static ServerSocketChannel listen(String host, int firstPort) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
      server.configureBlocking(false);
      for (int port = firstPort; ; port++) {
        try {
          return server.bind(new InetSocketAddress(host, port));
        } catch (BindException e) {
          if (port >= firstPort + PORTS_TRIED - 1 || firstPort == 0) {
            throw e;
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      Sockets.close(server);
      throw e;
    }
  }

  /** Closes a socket of {@link #listen}. */
  public static void close(ServerSocketChannel server) {
    Sockets.close(server);
  }

  /**
   * Connects all workers with each other; each calls this.
   *
   * @param security protection of the connections
   */
  public static Mesh connect(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocketChannel server,
      byte[] token,
      Security security,
      Patience patience) {
    Wire[] wires = new Wire[addresses.size()];
    Handshake handshake = new Handshake(token);
    try (server) {
      Patience.Wait wait = patience.begin();
      for (int other = 0; other < rank; other++) {
        String name = "worker " + other + " at " + addresses.get(other);
        SocketChannel channel = Sockets.connect(addresses.get(other), wait, name);
        wires[other] = new Wire.Plain(channel);
        byte[] session = handshake.connect(channel, rank, other, wait, name);
        wires[other] = security.secure(channel, session, true);
      }
      for (int missing = addresses.size() - rank - 1; missing > 0; ) {
        String name = missing + " of " + addresses.size() + " workers to connect";
        if (accepted(server, rank, wires, handshake, security, patience, wait, name)) {
          missing--;
          wait.progress();
        }
      }
      Selector selector = Selector.open();
      for (int other = 0; other < wires.length; other++) {
        if (wires[other] != null) {
          wires[other].channel().register(selector, 0, other);
        }
      }
      return new Mesh(rank, wires, selector, patience);
    } catch (IOException e) {
      closeAll(wires);
      throw new CollectiveException("Connecting the workers failed: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      closeAll(wires);
      throw e;
    }
  }

  /** Returns whether a worker of this run has connected; others are rejected. */
  private static boolean accepted(
      ServerSocketChannel server,
      int rank,
      Wire[] wires,
      Handshake handshake,
      Security security,
      Patience patience,
      Patience.Wait wait,
      String name)
      throws IOException {
    SocketChannel channel = Sockets.accept(server, wait, name);
    try {
      Patience.Wait shorter =
          new Patience(
                  INTRODUCTION.compareTo(patience.limit()) < 0 ? INTRODUCTION : patience.limit(),
                  patience.cancelled())
              .begin();
      Handshake.Accepted accepted = handshake.accept(channel, rank, shorter, "who has connected");
      int other = accepted.rank();
      if (other <= rank || other >= wires.length || wires[other] != null) {
        throw new IOException("it says that it is worker " + other);
      }
      wires[other] = security.secure(channel, accepted.session(), false);
      return true;
    } catch (IOException | CollectiveException e) {
      LOG.warn("Turned away {}: {}", channel.getRemoteAddress(), e.getMessage());
      Sockets.close(channel);
      wait.check(name);
      return false;
    }
  }

  /** {@return the rank of this worker} */
  public int rank() {
    return rank;
  }

  /** {@return the number of workers} */
  public int size() {
    return wires.length;
  }

  /** {@return bytes sent to all others so far} */
  public long bytesSent() {
    return sent;
  }

  /** Sends and receives until all is done. */
  void move(Traffic[] out, Traffic[] in) {
    try {
      Patience.Wait wait = patience.begin();
      while (true) {
        boolean moved = false;
        boolean done = true;
        for (int other = 0; other < wires.length; other++) {
          if (other != rank) {
            boolean sentSome = send(other, out[other]);
            boolean receivedSome = receive(other, in[other]);
            moved |= sentSome || receivedSome;
          }
        }
        for (int other = 0; other < wires.length; other++) {
          done &= other == rank || isDone(other, out[other], in[other]);
        }
        if (done) {
          return;
        }
        if (moved) {
          wait.progress();
        } else {
          select(out, in, wait);
        }
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e instanceof CollectiveException known
          ? known
          : new CollectiveException("Exchanging with the workers failed: " + e.getMessage(), e);
    }
  }

  private boolean isDone(int other, Traffic out, Traffic in) {
    return out.isDone() && !wires[other].hasUnwritten() && in.isDone();
  }

  private boolean send(int other, Traffic out) throws IOException {
    ByteBuffer[] next = out.next();
    int first = first(next);
    if (first == next.length && !wires[other].hasUnwritten()) {
      return false;
    }
    try {
      long moved = wires[other].write(next, first, Math.min(MOST_AT_ONCE, next.length - first));
      sent += moved;
      if (moved > 0) {
        out.moved();
      }
      return moved > 0;
    } catch (IOException e) {
      throw lost(other, e);
    }
  }

  private boolean receive(int other, Traffic in) throws IOException {
    ByteBuffer[] next = in.next();
    int first = first(next);
    if (first == next.length) {
      return false;
    }
    long moved;
    try {
      moved = wires[other].read(next, first, Math.min(MOST_AT_ONCE, next.length - first));
    } catch (IOException e) {
      throw lost(other, e);
    }
    if (moved < 0) {
      throw lost(other, null);
    }
    if (moved > 0) {
      in.moved();
    }
    return moved > 0;
  }

  private static int first(ByteBuffer[] buffers) {
    int first = 0;
    while (first < buffers.length && !buffers[first].hasRemaining()) {
      first++;
    }
    return first;
  }

  private static CollectiveException lost(int other, @Nullable IOException cause) {
    return new CollectiveException.LostWorkerException(
        "Worker "
            + other
            + " has closed its connection: it has failed or was stopped. The first failure of the"
            + " attempt says why",
        cause);
  }

  private void select(Traffic[] out, Traffic[] in, Patience.Wait wait) throws IOException {
    List<String> waiting = new ArrayList<>();
    boolean pending = false;
    for (SelectionKey key : selector.keys()) {
      int other = (Integer) key.attachment();
      boolean writes = first(out[other].next()) < out[other].next().length;
      boolean reads = first(in[other].next()) < in[other].next().length;
      writes |= wires[other].hasUnwritten();
      pending |= reads && wires[other].hasRead();
      key.interestOps((writes ? SelectionKey.OP_WRITE : 0) | (reads ? SelectionKey.OP_READ : 0));
      if (!isDone(other, out[other], in[other])) {
        waiting.add("worker " + other);
      }
    }
    wait.check(String.join(", ", waiting));
    if (!pending) {
      selector.select(key -> {}, Patience.POLL_MILLIS);
    }
  }

  /** Closes all connections, which other workers detect. */
  @Override
  public void close() {
    closeAll(wires);
    try {
      selector.close();
    } catch (IOException e) {
      LOG.debug("Closing a selector failed", e);
    }
  }

  private static void closeAll(Wire[] wires) {
    for (Wire wire : wires) {
      if (wire != null) {
        wire.close();
      }
    }
  }
}
