package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collective operations over a {@link Mesh}: all-gather of messages and all-reduce of vectors.
 *
 * <p>Each worker owns one part of the vector. It receives that part from all others, sums in rank
 * order, and sends the result to all (reduce-scatter, then all-gather). Every number is thus summed
 * in the same order as by one process that adds the workers' vectors one by one, and all workers
 * get bitwise identical results. A ring would sum each part in a different order. Not thread-safe.
 */
public final class Collective implements AutoCloseable {

  /** Maximum size of a message. */
  private static final int MOST_BYTES = 64 << 20;

  private final Mesh mesh;
  private int number;

  /**
   * Creates collectives over connections.
   *
   * @param mesh the connections; closed with this
   */
  public Collective(Mesh mesh) {
    this.mesh = mesh;
  }

  /** {@return the connections} */
  public Mesh mesh() {
    return mesh;
  }

  /** Returns the number of the next operation. */
  int next() {
    return number++;
  }

  /** Sends a message to every worker and returns those of all (all-gather). */
  public List<byte[]> exchange(byte[] own) {
    int operation = next();
    Traffic[] out = new Traffic[mesh.size()];
    Traffic[] in = new Traffic[mesh.size()];
    Message[] messages = new Message[mesh.size()];
    for (int other = 0; other < mesh.size(); other++) {
      out[other] =
          Traffic.of(
              new Header(Header.Kind.MESSAGE, operation, own.length).written(),
              ByteBuffer.wrap(own));
      messages[other] = new Message(operation);
      in[other] = messages[other];
    }
    mesh.move(out, in);
    List<byte[]> all = new ArrayList<>(mesh.size());
    for (int other = 0; other < mesh.size(); other++) {
      all.add(other == mesh.rank() ? own : messages[other].body.array());
    }
    return all;
  }

  private static final class Message extends Header.Incoming {

    private ByteBuffer body = ByteBuffer.allocate(0);
    private ByteBuffer[] bodies = NOTHING;

    Message(int number) {
      super(Header.Kind.MESSAGE, number);
    }

    @Override
    void begin(long bytes) {
      if (bytes > MOST_BYTES) {
        throw new CollectiveException("A message of " + bytes + " bytes is too large");
      }
      body = ByteBuffer.allocate((int) bytes);
      bodies = new ByteBuffer[] {body};
    }

    @Override
    ByteBuffer[] body() {
      return bodies;
    }

    @Override
    boolean isComplete() {
      return !body.hasRemaining();
    }
  }

  /** Returns an array with the same traffic for all workers. */
  Traffic[] forAll(Traffic traffic) {
    Traffic[] all = new Traffic[mesh.size()];
    Arrays.fill(all, traffic);
    return all;
  }

  @Override
  public void close() {
    mesh.close();
  }
}
