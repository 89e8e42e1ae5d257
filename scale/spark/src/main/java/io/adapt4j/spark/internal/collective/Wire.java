package io.adapt4j.spark.internal.collective;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A connection to another worker; one thread may read while another writes. */
class Wire {

  private static final int PIECE_BYTES = 1 << 18;

  private final SocketChannel channel;
  private final Runnable progress;

  /** Wraps a blocking channel. */
  Wire(SocketChannel channel, Runnable progress) {
    this.channel = channel;
    this.progress = progress;
  }

  /** Writes all bytes, in pieces, so that progress shows. */
  void write(ByteBuffer source) throws IOException {
    int end = source.limit();
    while (source.position() < end) {
      channel.write(source.limit(Math.min(end, source.position() + PIECE_BYTES)));
      progress.run();
    }
  }

  /** Fills a buffer. */
  void read(ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        throw new EOFException("the connection was closed");
      }
      progress.run();
    }
  }

  /** Reads a number of bytes. */
  final byte[] read(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    read(buffer);
    return buffer.array();
  }
}
