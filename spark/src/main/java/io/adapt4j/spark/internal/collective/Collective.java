package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What workers do together over a {@link Mesh}: tell each other something, and add up vectors.
 *
 * <p>Each worker owns one part of the vector. It receives that part from all others and adds them
 * up in the order of their ranks, then sends the sum to all. So every number is added up in the
 * same order, that of one process that goes through the workers' vectors one after the other, and
 * every worker has the same result to the bit. A ring would add up each part in another order. For
 * one thread.
 */
public final class Collective implements AutoCloseable {

  /** The largest message. */
  private static final int MOST_BYTES = 64 << 20;

  private final Mesh mesh;
  private int number;

  /**
   * Works over connections.
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

  /** A number for the next operation. */
  int next() {
    return number++;
  }

  /** Tells every worker something. */
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

  /** An array with the same traffic for all. */
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
