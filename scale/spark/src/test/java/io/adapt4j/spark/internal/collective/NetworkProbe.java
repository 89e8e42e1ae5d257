package io.adapt4j.spark.internal.collective;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Whether plain sockets reach from one network namespace into another: exit status 0. */
final class NetworkProbe {

  private static final int WAIT_MILLIS = 20_000;

  private NetworkProbe() {}

  /** Takes "accept" or "connect", the address and the port. */
  public static void main(String[] args) throws Exception {
    InetAddress address = InetAddress.getByName(args[1]);
    int port = Integer.parseInt(args[2]);
    if (args[0].equals("accept")) {
      try (ServerSocket listener = new ServerSocket(port, 1, address)) {
        listener.setSoTimeout(WAIT_MILLIS);
        System.out.println("ready");
        listener.accept().close();
      }
      return;
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), WAIT_MILLIS);
    }
  }
}
