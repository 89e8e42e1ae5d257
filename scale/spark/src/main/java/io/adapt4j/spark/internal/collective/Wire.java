package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection to another worker that never blocks. */
interface Wire extends AutoCloseable {

  /**
   * Writes as much as possible.
   *
   * @return bytes taken from the buffers; 0 if the other end is slower
   */
  long write(ByteBuffer[] source, int offset, int count) throws IOException;

  /**
   * Reads available bytes.
   *
   * @return bytes put into the buffers; 0 if there are none, -1 at the end
   */
  long read(ByteBuffer[] target, int offset, int count) throws IOException;

  /** Returns whether there are buffered bytes to read, which the channel no longer reports. */
  default boolean hasRead() {
    return false;
  }

  /** Returns whether accepted bytes are still to be written to the channel. */
  default boolean hasUnwritten() {
    return false;
  }

  SocketChannel channel();

  @Override
  void close();

  /** An unencrypted connection. */
  record Plain(SocketChannel channel) implements Wire {

    @Override
    public long write(ByteBuffer[] source, int offset, int count) throws IOException {
      return channel.write(source, offset, count);
    }

    @Override
    public long read(ByteBuffer[] target, int offset, int count) throws IOException {
      return channel.read(target, offset, count);
    }

    @Override
    public void close() {
      Sockets.close(channel);
    }
  }
}
