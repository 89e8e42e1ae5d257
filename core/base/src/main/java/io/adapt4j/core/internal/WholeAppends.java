package io.adapt4j.core.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Appends records to a file. A partially written record is truncated before the next append. Not
 * thread-safe.
 */
public final class WholeAppends implements AutoCloseable {

  private final FileChannel channel;

  /** Offset of a partially written record; negative if there is none. */
  private long torn = -1;

  /**
   * Appends to a file.
   *
   * @param channel the file, open for writing but not for appending; closed with this
   */
  public WholeAppends(FileChannel channel) {
    this.channel = channel;
  }

  public void append(byte[] bytes) throws IOException {
    if (torn >= 0) {
      channel.truncate(torn);
      torn = -1;
    }
    long start = channel.size();
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    try {
      while (rest.hasRemaining()) {
        channel.write(rest, start + rest.position());
      }
    } catch (IOException e) {
      torn = start;
      takeAway(e);
      throw e;
    }
  }

  private void takeAway(IOException failure) {
    try {
      channel.truncate(torn);
      torn = -1;
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Truncates the file to zero bytes. */
  public void clear() throws IOException {
    channel.truncate(0);
    torn = -1;
  }

  /** Forces appended bytes onto the device. */
  public void force(boolean metadata) throws IOException {
    channel.force(metadata);
  }

  /** {@return whether the file can be appended to; interrupting the thread closes it} */
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
