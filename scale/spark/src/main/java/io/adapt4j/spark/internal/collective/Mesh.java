package io.adapt4j.spark.internal.collective;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import io.adapt4j.spark.internal.collective.CollectiveException.LostWorkerException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one worker with all others. Transfers of an operation block, each in its own
 * thread; a watch ends them if nothing moves for too long, or if the worker is stopped. A failure
 * closes all connections, so that the others notice at once. Not thread-safe.
 */
public final class Mesh implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Mesh.class);

  /** Time limit for a connecting peer to authenticate as a worker of this run. */
  private static final long INTRODUCTION_MILLIS = 10_000;

  private static final long POLL_MILLIS = 100;

  /** Maximum size of a message. */
  private static final int MOST_BYTES = 64 << 20;

  /** Number of ports tried, which limits the workers per machine. */
  private static final int PORTS_TRIED = 64;

  private static final ThreadFactory DAEMONS =
      new ThreadFactoryBuilder().setDaemon(true).setNameFormat("adapt4j-workers-%d").build();

  private final int rank;
  private final Patience patience;
  private final @Nullable Wire[] wires;
  private final Set<Channel> channels = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newCachedThreadPool(DAEMONS);
  private final ScheduledExecutorService watch = Executors.newScheduledThreadPool(1, DAEMONS);
  private final AtomicReference<@Nullable CollectiveException> failure = new AtomicReference<>();
  private final AtomicIntegerArray blocked;
  private final AtomicLong sent = new AtomicLong();
  private int operations;

  private volatile @Nullable Thread caller;
  private volatile long moved;

  /** Time of the last check, by the watch alone. */
  private long checked = System.nanoTime();

  /** Peer that is connecting, for messages; empty when all are connected. */
  private volatile String connecting = "";

  /** A transfer that blocks until it is complete. */
  interface Transfer {
    void run() throws IOException;
  }

  /** Kind of transferred data. */
  enum Kind {
    MESSAGE,
    PART,
    SUM
  }

  private Mesh(int rank, int size, Patience patience) {
    this.rank = rank;
    this.wires = new Wire[size];
    this.blocked = new AtomicIntegerArray(size);
    this.patience = patience;
    var unused =
        watch.scheduleAtFixedRate(this::check, POLL_MILLIS, POLL_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Opens a port for the other workers. */
  public static ServerSocketChannel listen(String host, int firstPort) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
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
      close(server);
      throw e;
    }
  }

  public static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The other end notices anyway.
    }
  }

  /** Connects all workers with each other; each calls this. */
  public static Mesh connect(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocketChannel server,
      byte[] token,
      boolean encrypted,
      Patience patience) {
    Mesh mesh = new Mesh(rank, addresses.size(), patience);
    try (server) {
      mesh.run(List.of(() -> mesh.join(addresses, server, new Handshake(token), encrypted)));
      mesh.channels.remove(server);
      return mesh;
    } catch (IOException | RuntimeException e) {
      mesh.close();
      throw e instanceof CollectiveException known
          ? known
          : new CollectiveException("Connecting the workers failed: " + e.getMessage(), e);
    }
  }

  private void join(
      List<InetSocketAddress> addresses,
      ServerSocketChannel server,
      Handshake handshake,
      boolean encrypted)
      throws IOException {
    channels.add(server);
    for (int other = 0; other < rank; other++) {
      connecting = "worker " + other + " at " + addresses.get(other);
      SocketChannel channel = SocketChannel.open();
      channels.add(channel);
      channel.connect(addresses.get(other));
      byte[] session = handshake.connect(unwatched(channel), rank, other);
      wires[other] = wire(channel, encrypted, session, true);
    }
    for (int missing = size() - rank - 1; missing > 0; ) {
      connecting = missing + " of " + size() + " workers to connect";
      if (accepted(server.accept(), handshake, encrypted)) {
        missing--;
        progress();
      }
    }
    connecting = "";
  }

  private static Wire unwatched(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    return new Wire(channel, () -> {});
  }

  private Wire wire(SocketChannel channel, boolean encrypted, byte[] session, boolean connects) {
    return encrypted
        ? new EncryptedWire(channel, this::progress, session, connects)
        : new Wire(channel, this::progress);
  }

  /** Returns whether a worker of this run has connected; others are rejected. */
  private boolean accepted(SocketChannel channel, Handshake handshake, boolean encrypted)
      throws IOException {
    channels.add(channel);
    SocketAddress from = channel.getRemoteAddress();
    long limit = Math.min(INTRODUCTION_MILLIS, patience.limit().toMillis());
    Future<?> late = watch.schedule(() -> close(channel), limit, TimeUnit.MILLISECONDS);
    try {
      Handshake.Accepted accepted = handshake.accept(unwatched(channel), rank);
      int other = accepted.rank();
      if (other <= rank || other >= size() || wires[other] != null) {
        throw new IOException("it says that it is worker " + other);
      }
      if (!late.cancel(false)) {
        throw new IOException("it took too long");
      }
      wires[other] = wire(channel, encrypted, accepted.session(), false);
      return true;
    } catch (IOException e) {
      LOG.warn("Turned away {}: {}", from, e.getMessage());
      late.cancel(false);
      channels.remove(channel);
      close(channel);
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
    return sent.get();
  }

  /** Sends a message to every worker and returns those of all (all-gather). */
  public List<byte[]> exchange(byte[] own) {
    int operation = next();
    byte[][] all = new byte[size()][];
    all[rank] = own;
    List<Transfer> transfers = new ArrayList<>();
    for (int other : others(size())) {
      transfers.add(
          () -> {
            send(other, Kind.MESSAGE, operation, own.length);
            send(other, ByteBuffer.wrap(own));
          });
      transfers.add(() -> all[other] = message(other, operation));
    }
    run(transfers);
    return List.of(all);
  }

  private byte[] message(int other, int operation) throws IOException {
    long bytes = receive(other, Kind.MESSAGE, operation);
    if (bytes > MOST_BYTES) {
      throw new CollectiveException("A message of " + bytes + " bytes is too large");
    }
    ByteBuffer body = ByteBuffer.allocate((int) bytes);
    receive(other, body);
    return body.array();
  }

  /** Returns the ranks below a limit, without this worker's. */
  int[] others(int limit) {
    return IntStream.range(0, limit).filter(each -> each != rank).toArray();
  }

  /** Returns the number of the next operation, by which all workers notice when they diverge. */
  int next() {
    return operations++;
  }

  /** Sends the header of data. */
  void send(int other, Kind kind, int operation, long bytes) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(2 * Integer.BYTES + Long.BYTES);
    send(other, header.putInt(kind.name().charAt(0)).putInt(operation).putLong(bytes).flip());
  }

  /** Receives the header of data and returns the size. */
  long receive(int other, Kind kind, int operation) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(2 * Integer.BYTES + Long.BYTES);
    receive(other, header);
    header.flip();
    int foundKind = header.getInt();
    int foundOperation = header.getInt();
    long bytes = header.getLong();
    if (foundKind != kind.name().charAt(0) || foundOperation != operation || bytes < 0) {
      throw new CollectiveException(
          "The workers do different things: expected %s %s, received number %s of kind %s"
              .formatted(kind, operation, foundOperation, foundKind));
    }
    return bytes;
  }

  void send(int other, ByteBuffer data) throws IOException {
    sent.addAndGet(data.remaining());
    blocking(other, wire -> wire.write(data));
  }

  void receive(int other, ByteBuffer target) throws IOException {
    blocking(other, wire -> wire.read(target));
  }

  private interface Use {
    void accept(Wire wire) throws IOException;
  }

  private void blocking(int other, Use use) throws IOException {
    blocked.incrementAndGet(other);
    try {
      use.accept(wires[other]);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new LostWorkerException(
          "Worker "
              + other
              + " has closed its connection: it has failed or was stopped. The first failure of"
              + " the attempt says why",
          e);
    }
    // Not after a failure, whose message names who was waited for.
    blocked.decrementAndGet(other);
  }

  /** Runs transfers at the same time, the first of them in this thread. */
  void run(List<Transfer> transfers) {
    CountDownLatch done = new CountDownLatch(transfers.size());
    progress();
    caller = Thread.currentThread();
    for (int i = 1; i < transfers.size(); i++) {
      Transfer transfer = transfers.get(i);
      threads.execute(() -> attempt(transfer, done));
    }
    if (!transfers.isEmpty()) {
      attempt(transfers.get(0), done);
    }
    await(done);
    caller = null;
    CollectiveException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  private void attempt(Transfer transfer, CountDownLatch done) {
    try {
      transfer.run();
    } catch (ClosedByInterruptException e) {
      fail(stopped());
    } catch (CollectiveException e) {
      fail(e);
    } catch (IOException | RuntimeException | Error e) {
      String what = connecting.isEmpty() ? "Exchanging with" : "Connecting";
      fail(new CollectiveException(what + " the workers failed: " + e.getMessage(), e));
    } finally {
      done.countDown();
    }
  }

  /** Waits for all transfers even if this thread is interrupted, since they use its memory. */
  private void await(CountDownLatch done) {
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        fail(stopped());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void progress() {
    moved = System.nanoTime();
  }

  private void check() {
    long now = System.nanoTime();
    if (now - checked > patience.limit().toNanos() / 2) {
      // This process was suspended itself, so it cannot say that another one hangs.
      progress();
    }
    checked = now;
    Thread waiting = caller;
    if (waiting == null) {
      return;
    }
    if (waiting.isInterrupted() || patience.cancelled().getAsBoolean()) {
      fail(stopped());
    } else if (now - moved > patience.limit().toNanos()) {
      fail(
          new CollectiveException(
              "Waited %s s for %s and nothing came: it hangs, or the network between is down"
                  .formatted(patience.limit().toMillis() / 1e3, missing())));
    }
  }

  private CollectiveException stopped() {
    return new CollectiveException("Stopped while waiting for " + missing());
  }

  private String missing() {
    if (!connecting.isEmpty()) {
      return connecting;
    }
    String workers =
        IntStream.range(0, size())
            .filter(each -> blocked.get(each) > 0)
            .mapToObj(each -> "worker " + each)
            .collect(Collectors.joining(", "));
    return workers.isEmpty() ? "the other workers" : workers;
  }

  private void fail(CollectiveException reason) {
    failure.compareAndSet(null, reason);
    channels.forEach(Mesh::close);
  }

  /** Closes all connections, which other workers detect. */
  @Override
  public void close() {
    channels.forEach(Mesh::close);
    threads.shutdown();
    watch.shutdownNow();
  }
}
