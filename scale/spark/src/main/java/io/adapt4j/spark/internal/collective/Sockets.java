package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Waits for single sockets. */
final class Sockets {

  private Sockets() {}

  static void close(SelectableChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The other end notices anyway.
    }
  }

  /** Waits briefly until a socket is ready for an operation. */
  static void await(SelectableChannel channel, int operation, Patience.Wait wait, String what)
      throws IOException {
    wait.check(what);
    try (Selector selector = Selector.open()) {
      channel.register(selector, operation);
      selector.select(Patience.POLL_MILLIS);
    }
    wait.check(what);
  }

  static SocketChannel connect(InetSocketAddress address, Patience.Wait wait, String what)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      boolean connected = channel.connect(address);
      while (!connected) {
        await(channel, SelectionKey.OP_CONNECT, wait, what);
        connected = channel.finishConnect();
      }
      return channel;
    } catch (IOException | RuntimeException e) {
      close(channel);
      throw e;
    }
  }

  static SocketChannel accept(ServerSocketChannel server, Patience.Wait wait, String what)
      throws IOException {
    SocketChannel channel = server.accept();
    while (channel == null) {
      await(server, SelectionKey.OP_ACCEPT, wait, what);
      channel = server.accept();
    }
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    return channel;
  }

  static void write(SocketChannel channel, byte[] bytes, Patience.Wait wait, String what)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        await(channel, SelectionKey.OP_WRITE, wait, what);
      }
    }
  }

  static byte[] read(SocketChannel channel, int count, Patience.Wait wait, String what)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer);
      if (read < 0) {
        throw new IOException("the connection was closed");
      }
      if (read == 0) {
        await(channel, SelectionKey.OP_READ, wait, what);
      }
    }
    return buffer.array();
  }
}
